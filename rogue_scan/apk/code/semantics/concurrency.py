"""Models of threads and futures."""

from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.values import UNKNOWN, join, objects, taint, with_taint


@handles("Ljava/lang/Thread;", "<init>", "start")
@handles("Landroid/os/Handler;", "<init>")
def _thread(site: Site) -> Any:
    return None


@handles("Ljava/util/concurrent/Future;", "get")
@handles("Ljava/util/concurrent/FutureTask;", "get")
@handles("Ljava/util/concurrent/CompletableFuture;", "get", "join")
def _future(site: Site) -> Any:
    found: Any = UNKNOWN
    for obj in objects(site.this):
        for function in objects(site.heap.get(obj, "fn", None)):
            held = site.heap.get(function, "ret")
            if held is not UNKNOWN:
                found = held if found is UNKNOWN else join(found, held)
    return NOTHING if found is UNKNOWN else with_taint(found, taint(site.this))
