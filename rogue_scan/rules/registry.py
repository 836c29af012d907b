"""Joins code to its signature.

A detector is a function of what was observed::

    @detector("wifi/karma", Params)
    def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]: ...

It stands in the module that is called like the rule (``wifi/detectors/karma.py``).
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.model.finding import Finding
from rogue_scan.rules.load import RuleSet
from rogue_scan.rules.rule import Bound, Rule

F = TypeVar("F")
P = TypeVar("P")
Evaluate = Callable[[F, Bound[P]], Iterator[Finding]]


class NoParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of a rule that has none."""


class Detector(Generic[F]):
    """A rule joined to its code: ``F`` is the type of the facts it looks at."""

    def __init__(
        self, rule: Rule, params: Any, evaluate: Callable[[F, Bound[Any]], Iterator[Finding]]
    ) -> None:
        self.rule, self._params, self._evaluate = rule, params, evaluate

    def __call__(self, facts: F, subject: str) -> Iterator[Finding]:
        """Findings on these facts, for the subject with this id."""
        return self._evaluate(facts, Bound(self.rule, self._params, subject))


_registered: dict[str, tuple[type, Callable[..., Iterator[Finding]]]] = {}


def detector(name: str, params: type = NoParams) -> Callable[[Evaluate[F, P]], Evaluate[F, P]]:
    """Declare a function as the logic of the rule ``name``; ``params`` is a msgspec struct."""

    def register(evaluate: Evaluate[F, P]) -> Evaluate[F, P]:
        _registered[name] = (params, evaluate)
        return evaluate

    return register


def registered(package: str) -> dict[str, tuple[type, Callable[..., Iterator[Finding]]]]:
    """All detectors in the modules of ``package``, by rule name."""
    root = importlib.import_module(package)
    for module in pkgutil.iter_modules(root.__path__, package + "."):
        importlib.import_module(module.name)
    return {
        name: entry
        for name, entry in sorted(_registered.items())
        if entry[1].__module__.startswith(package + ".")
    }


def bind(rules: RuleSet, scanner: str, package: str) -> list[Detector[Any]]:
    """Detectors of ``package`` for the active rules of ``scanner``, parameters checked.

    Raises RuleError where a signature's parameters do not fit its detector.
    """
    code = registered(package)
    bound = []
    for rule in rules.active(scanner):
        if rule.rule not in code:
            if rule.when is None:
                raise RuleError(
                    rule.rule, "status", f"is {rule.status}, but there is no logic: neither code nor `when`"
                )
            continue
        kind, evaluate = code[rule.rule]
        try:
            params: Any = msgspec.convert(rule.params, kind)
        except msgspec.ValidationError as error:
            raise RuleError(rule.rule, "params", str(error)) from None
        bound.append(Detector(rule, params, evaluate))
    return bound
