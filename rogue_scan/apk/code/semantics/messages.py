"""Models of text messages, handlers' messages and sensors."""

from typing import Any

from rogue_scan.apk.code.library import Site, handles
from rogue_scan.apk.code.values import ANY, CLEAN, number, objects


@handles("Landroid/telephony/SmsManager;", "divideMessage")
def _divide(site: Site) -> Any:
    value, _obj = site.new("Ljava/util/ArrayList;", site.deep(site.arg(0)))
    return value


@handles(
    "Landroid/telephony/SmsManager;",
    "getDefault",
    "getSmsManagerForSubscriptionId",
    "createForSubscriptionId",
)
def _sms_manager(site: Site) -> Any:
    return site.shared("service", "sms", kind="Landroid/telephony/SmsManager;")[0]


@handles("Landroid/os/Message;", "obtain")
@handles("Landroid/os/Handler;", "obtainMessage")
def _message(site: Site) -> Any:
    value, obj = site.new("Landroid/os/Message;")
    numbers = iter(("what", "arg1", "arg2"))
    for kind, arg in zip(site.kinds, site.params, strict=False):
        if kind == "I":
            site.heap.set(obj, next(numbers, "arg2"), arg)
        if kind == "Ljava/lang/Object;":
            site.heap.set(obj, "obj", arg)
        if kind == "Landroid/os/Handler;":
            site.heap.set(obj, "target", arg)
        if kind == "Landroid/os/Message;":
            site.heap.add(obj, "link", arg)
    if not site.static:
        site.heap.set(obj, "target", site.this)
    return value


@handles("Landroid/os/Message;", "sendToTarget")
def _send_to_target(site: Site) -> Any:
    for obj in objects(site.this):
        for handler in objects(site.heap.get(obj, "target", None)):
            if handler.cls in site.m.program.classes:
                site.lib.call_back(handler, site, [site.this], CLEAN, ANY)
    return None


@handles("Landroid/hardware/SensorManager;", "getDefaultSensor")
def _sensor(site: Site) -> Any:
    category = site.m.models.sensors.get(number(site.arg(0)) or 0)
    value, obj = site.new(site.returns)
    if category is not None:
        site.m.mark(site.heap, obj, site.lib.source(site, category.value, f"sensor {number(site.arg(0))}"))
    return value


@handles("Landroid/hardware/SensorManager;", "registerListener")
def _register_sensor(site: Site) -> Any:
    return ANY
