"""Models of views that people type into: what a field asks for tells the data it holds."""

from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.semantics.intents import VIEW
from rogue_scan.apk.code.values import CLEAN, HOLE, UNKNOWN, Taint, Val, make, number, objects, texts, union


@handles("*", "findViewById", "findChildViewById", "findRequiredView", "requireViewById", "findViewByID")
def _find_view(site: Site) -> Any:
    resource = next((number(arg) for arg in site.params if number(arg)), None)
    if resource is None:
        return NOTHING
    value, obj = site.shared("view", resource, kind=VIEW)
    site.heap.set(obj, "id", resource)
    return value


@handles(
    VIEW,
    "setHint",
    "setInputType",
    "setContentDescription",
    "setTag",
    "setRawInputType",
    "setAutofillHints",
    "setTransformationMethod",
)
@handles(
    "Landroid/widget/TextView;",
    "setHint",
    "setInputType",
    "setRawInputType",
    "setTransformationMethod",
    "setError_",
)
@handles("Lcom/google/android/material/textfield/TextInputLayout;", "setHint", "setHelperText")
def _view_says(site: Site) -> Any:
    name = site.ref.name
    for obj in objects(site.this):
        if name in ("setInputType", "setRawInputType"):
            site.heap.set(obj, "input", site.arg(0))
        elif name == "setTransformationMethod":
            site.heap.set(obj, "input", 0x81)
        else:
            said = site.arg(0)
            site.heap.add(obj, "p:" + name[3:], said)
            resource = number(said)
            if resource:
                said = make(site.m.resources.string(resource) or HOLE)
            for arg in site.params:
                for held in objects(arg):
                    array = site.heap.array(held)
                    if array is not None:
                        said = site.m.summary(array)
            site.heap.add(obj, "says", said)
    return None


@handles("*", "addView")
def _add_view(site: Site) -> Any:
    """A text that stands before an input field says what it asks for."""
    for child in objects(site.arg(0)):
        for parent in objects(site.this):
            if "EditText" in child.cls or "AutoComplete" in child.cls:
                label = site.heap.get(parent, "label")
                if label is not UNKNOWN and texts(label):
                    site.heap.set(child, "label", label)
                    site.heap.set(parent, "label", "")
            elif "TextView" in child.cls:
                said = site.heap.get(child, "p:Text")
                if said is not UNKNOWN and texts(said) and len(texts(said)[0]) < 60:
                    site.heap.set(parent, "label", said)
    return None if site.returns == "V" else NOTHING


@handles("Lcom/google/android/material/textfield/TextInputLayout;", "getEditText")
def _edit_text(site: Site) -> Any:
    value, obj = site.new("Landroid/widget/EditText;")
    if objects(site.this):
        site.heap.add(obj, "link", Val(UNKNOWN, CLEAN, site.this.o))
    return value


def view_kinds(site: Site, value: Any) -> frozenset[str]:
    """What an input field asks for."""
    found: frozenset[str] = frozenset()
    for obj in objects(value):
        for up in site.lib.linked(obj, site.heap):
            resource = site.heap.get(up, "id", None)
            if isinstance(resource, int):
                found |= site.lib.view_kinds(resource)
            said = texts(site.heap.get(up, "says", None)) or texts(site.heap.get(up, "label", None))
            input_type = number(site.heap.get(up, "input", None)) or 0
            found |= site.lib.asked(input_type, said)
    return found


def typed(site: Site, view: Any, extra: int = 0) -> Taint:
    """What a person types into a field."""
    kinds = view_kinds(site, view)
    if not kinds:
        return site.lib.source(site, "?typed", "an input field", extra)
    return union(site.lib.source(site, kind, "an input field", extra) for kind in sorted(kinds))


@handles("Landroid/widget/EditText;", "getText", "getEditableText")
def _typed_text(site: Site) -> Any:
    return Val(HOLE, typed(site, site.this), (), site.returns)


@handles("Landroid/widget/TextView;", "getText")
def _view_text(site: Site) -> Any:
    for obj in objects(site.this):
        resource = site.heap.get(obj, "id", None)
        if "EditText" in obj.cls or (isinstance(resource, int) and site.lib.is_input(resource)):
            return Val(HOLE, typed(site, site.this), (), site.returns)
    return Val(HOLE, CLEAN, (), site.returns)


@handles("Landroid/widget/TextView;", "addTextChangedListener")
def _watch(site: Site) -> Any:
    t = typed(site, site.this)
    for listener in objects(site.arg(0)):
        if listener.cls in site.m.program.classes:
            site.lib.call_back(listener, site, [], t, site.arg(0))
    return None


@handles(
    "Landroidx/core/widget/TextViewKt;", "addTextChangedListener", "doAfterTextChanged", "doOnTextChanged"
)
def _watch_kotlin(site: Site) -> Any:
    t = typed(site, site.arg(0))
    for arg in site.params[1:]:
        for listener in objects(arg):
            if listener.cls in site.m.program.classes:
                site.lib.call_back(listener, site, [], t, arg)
    return None
