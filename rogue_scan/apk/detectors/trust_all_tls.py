"""Checks of certificates and host names that object to nothing."""

from collections.abc import Iterator

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.index import Index, class_of, dotted, method_name, pretty
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound

_MANAGERS = frozenset({"Ljavax/net/ssl/X509TrustManager;", "Ljavax/net/ssl/X509ExtendedTrustManager;"})
_VERIFIERS = frozenset(
    {"Ljavax/net/ssl/HostnameVerifier;", "Lorg/apache/http/conn/ssl/X509HostnameVerifier;"}
)
_READY_MADE = ("Lorg/apache/http/conn/ssl/AllowAllHostnameVerifier;-><init>",)
_USES = frozenset(
    {"setHostnameVerifier", "setDefaultHostnameVerifier", "hostnameVerifier", "sslSocketFactory"}
)
_USES_MANAGER = "Ljavax/net/ssl/SSLContext;->init"
_PINS = (
    "Ljava/security/cert/Certificate;->getPublicKey",
    "Ljava/security/cert/X509Certificate;->getPublicKey",
)
_CONSTRUCTORS = frozenset({"<init>", "<clinit>", "getAcceptedIssuers", "checkClientTrusted"})


@detector("apk/trust-all-tls")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """A check that calls nothing cannot object: to refuse, it has to make an exception or ask somebody.

    Code facts keep every call of the framework that the app's own code makes, so the class of such a check
    has none outside its constructors. Of kits they keep only some, so kits are left out.
    """
    index = Index(facts)
    busy = {
        class_of(call.at.method)
        for call in facts.code.calls
        if method_name(call.at.method) not in _CONSTRUCTORS
    }
    interfaces = {name for found in facts.code.classes for name in found.interfaces}
    case = rule.case()
    actors = []
    for found in facts.code.classes:
        if found.library or not found.reachable or found.name in interfaces or found.name in busy:
            continue
        above = index.ancestors(found.name) - {found.name}
        kind = (
            "accepts-any-certificate"
            if above & _MANAGERS
            else "accepts-any-host"
            if above & _VERIFIERS
            else None
        )
        if kind:
            case.add(kind, Where(dex=found.dex), dotted(found.name), name=dotted(found.name))
            actors.append(dotted(found.name))
    for call in facts.code.calls:
        place = Where(dex=call.at.dex, method=call.at.method, offset=call.at.offset)
        if call.reachable and not call.library and call.api.startswith(_READY_MADE):
            case.add("ready-made-acceptance", place, name=pretty(call.at.method), api=pretty(call.api))
            actors.append(dotted(class_of(call.at.method)))
    if not actors:
        return
    for call in facts.code.calls:
        place = Where(dex=call.at.dex, method=call.at.method, offset=call.at.offset)
        if call.reachable and (method_name(call.api) in _USES or call.api.startswith(_USES_MANAGER)):
            case.add("is-put-to-use", place, api=pretty(call.api))
        elif call.reachable and not call.library and call.api.startswith(_PINS):
            case.add("compares-the-key", place, name=pretty(call.at.method))
    yield from case.conclude(actors=actors[:12], component=", ".join(sorted(set(actors))[:3]))
