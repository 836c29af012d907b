"""Models of recorders, cameras, images and screens."""

from typing import Any

from rogue_scan.apk.code.library import Site, handles
from rogue_scan.apk.code.semantics.streams import path_of, store_to_file, write_to
from rogue_scan.apk.code.values import ANY, CLEAN, UNKNOWN, Obj, Val, merge_taint, number, objects
from rogue_scan.model.data import Sink


@handles("Landroid/media/MediaRecorder;", "setVideoSource")
def _video_source(site: Site) -> Any:
    category = "screen" if number(site.arg(0)) == 2 else "camera"
    t = site.lib.source(site, category, "MediaRecorder")
    for obj in objects(site.this):
        site.m.mark(site.heap, obj, t)
        _flush(site, obj)
    return None


@handles("Landroid/media/MediaRecorder;", "setOutputFile", "start", "stop", "setNextOutputFile")
def _record_to(site: Site) -> Any:
    for obj in objects(site.this):
        if site.ref.name.startswith("set"):
            target = site.arg(0)
            path = path_of(site, target)
            site.heap.set(obj, "output", path)
            if any("LocalSocket" in o.cls or "FileDescriptor" in o.cls for o in objects(target)):
                t = site.deep(site.this)
                for other in objects(target):
                    for up in site.lib.linked(other, site.heap):
                        site.m.mark(site.heap, up, t)
                        what = site.heap.get(up, "sink", None)
                        if what in ("socket", "http"):
                            site.lib.emit(
                                site, Sink(what), t, site.lib.addresses(Val(UNKNOWN, CLEAN, (up,)), site.heap)
                            )
        _flush(site, obj)
    return None


def _flush(site: Site, obj: Obj) -> None:
    path = site.heap.get(obj, "output", None)
    held = site.heap.get(obj, "t", None)
    if path is not None and isinstance(held, Val):
        store_to_file(site, path, held.t)


@handles("Landroid/media/ImageReader;", "acquireLatestImage", "acquireNextImage")
def _image(site: Site) -> Any:
    held = site.deep(site.this)
    if not any(label[0] in ("screen", "camera") for label in held):
        category = "camera" if not _uses(site, "createVirtualDisplay") else "screen"
        held = merge_taint(held, site.lib.source(site, category, "ImageReader"))
    return Val(UNKNOWN, held, (site.new(site.returns)[1],), site.returns)


def _uses(site: Site, method: str) -> bool:
    return any(ref.name == method for ref, _ in site.m.calls.values())


@handles("Landroid/media/ImageReader;", "setOnImageAvailableListener")
def _image_listener(site: Site) -> Any:
    for listener in objects(site.arg(0)):
        if listener.cls in site.m.program.classes:
            site.lib.call_back(listener, site, [site.this], CLEAN, site.arg(0))
    return None


@handles("Landroid/graphics/Bitmap;", "compress")
def _compress(site: Site) -> Any:
    t = site.deep(site.this)
    for obj in objects(site.arg(2)):
        for up in list(site.lib.linked(obj, site.heap)):
            what = site.heap.get(up, "sink", None)
            if what is not None:
                write_to(site, up, str(what), t)
                break
        else:
            site.m.mark(site.heap, obj, t)
    return ANY


@handles("Landroid/graphics/Bitmap;", "copyPixelsToBuffer", "getPixels")
@handles("Ljava/nio/ByteBuffer;", "get", "put", "array", "wrap")
def _pixels(site: Site) -> Any:
    t = site.deep(site.arg(0) if site.static or site.ref.name == "put" else site.this)
    for obj in objects(site.this if site.ref.name == "put" else site.arg(0)):
        site.m.mark(site.heap, obj, t)
    if site.returns == "V":
        return None
    if site.ref.name in ("put", "get") and site.returns == site.ref.cls:
        return site.this
    return site.m.unknown(site.returns, merge_taint(t, site.deep(site.this)))


@handles("Landroidx/camera/core/ImageCapture;", "takePicture")
def _capture(site: Site) -> Any:
    """CameraX: the picture goes to a callback, or into the file that the options name."""
    t = site.lib.source(site, "camera", "ImageCapture.takePicture")
    for arg in site.params:
        for obj in objects(arg):
            for up in site.lib.linked(obj, site.heap):
                path = site.heap.get(up, "path", None)
                if path is not None:
                    store_to_file(site, path, t)
    return None
