"""Models of threads, futures and work that is done later."""

from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.values import CLEAN, UNKNOWN, Val, join, objects, taint, with_taint


@handles("Ljava/lang/Thread;", "<init>", "start")
@handles("Landroid/os/Handler;", "<init>")
def _thread(site: Site) -> Any:
    return None


@handles("Lkotlin/Lazy;", "getValue")
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


@handles("*", "setInputData")
@handles("Landroid/app/job/JobInfo$Builder;", "setExtras", "setTransientExtras")
def _work_given(site: Site) -> Any:
    """Data for work that is done later; which work reads it is not told apart."""
    _, keeper = site.shared("work", kind="Landroidx/work/Data;")
    for given in objects(site.arg(0)):
        site.heap.add(keeper, "from", Val(UNKNOWN, CLEAN, (given,)))
    return site.this


@handles("Landroidx/work/ListenableWorker;", "getInputData")
@handles("Landroid/app/job/JobParameters;", "getExtras", "getTransientExtras")
def _work_taken(site: Site) -> Any:
    return site.shared("work", kind="Landroidx/work/Data;")[0]


@handles("Landroidx/work/Data$Builder;", "build")
def _work_built(site: Site) -> Any:
    return Val(UNKNOWN, CLEAN, objects(site.this), site.returns)
