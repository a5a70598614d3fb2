"""What can be done to a law's source so that it is another law: one change at one place of its syntax tree. Pure.

Operators: a comparison's neighbour or opposite, + and -, * and /, min and max, and and or, not taken away or put in,
a constant nudged, a branch never or always taken, a default or a flag turned round. Docstrings, annotations and the
options of a class (`gc=False`) aren't touched.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One change: where and what."""

    path: str
    line: int
    within: str
    """the line as it stands"""
    change: str
    place: int
    """of the node, in the order of `_code`"""
    option: int

    @property
    def name(self) -> str:
        """For people: place and change."""
        return f"{self.path}:{self.line}: {self.change}   in: {self.within}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it apart wherever its line has gone."""
        return self.path, self.within, self.change

    def applied(self, source: str) -> str:
        """The module with the change in it."""
        tree = ast.parse(source)
        node = next(islice(_code(tree), self.place, None))
        replacement = _options(node)[self.option]()
        if replacement is not None:
            tree = _Put(node, replacement).visit(tree)
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def mutants_of(path: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    lines = source.splitlines()
    for place, node in enumerate(_code(ast.parse(source))):
        for option in range(len(_options(node))):
            twin = copy.deepcopy(node)
            replacement = _options(twin)[option]()
            after = ast.unparse(twin if replacement is None else replacement)
            change = f"{_short(ast.unparse(node))} -> {_short(after)}"
            yield Mutant(path, node.lineno, lines[node.lineno - 1].strip(), change, place, option)


def _short(text: str) -> str:
    first = text.splitlines()[0]
    return first if first == text and len(first) <= 100 else f"{first[:97]}..."


def _code(tree: ast.AST) -> Iterator[Any]:
    """Nodes that are code: neither annotations, nor docstrings, nor declarations of types."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "type_params"):
            continue
        if isinstance(tree, ast.ClassDef) and name in ("bases", "keywords"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_text(child):
                continue
            if hasattr(child, "lineno"):
                yield child
            yield from _code(child)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _options(node: Any) -> list[Any]:
    """Ways to change this node: each a call that does it in place, or gives what to put in its stead."""
    match node:
        case ast.Compare(ops=[operator]):
            return [lambda to=to: node.ops.__setitem__(0, to()) for to in COMPARISONS.get(type(operator), ())]
        case ast.BinOp() | ast.AugAssign() if type(node.op) in ARITHMETIC:
            return [lambda: setattr(node, "op", ARITHMETIC[type(node.op)]())]
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            return [lambda: setattr(node, "op", other)]
        case ast.UnaryOp(op=ast.Not()):
            return [lambda: node.operand]
        case ast.UnaryOp(op=ast.USub()):
            return [lambda: node.operand]
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            return [lambda: setattr(node.func, "id", CALLS[name])]
        case ast.Constant(value=bool() as value):
            return [lambda: setattr(node, "value", not value)]
        case ast.Constant(value=int() | float() as value):
            return [lambda: setattr(node, "value", _nudged(value))]
        case ast.If() | ast.IfExp():
            never, always = ast.Constant(value=False), ast.Constant(value=True)
            return [lambda: setattr(node, "test", never), lambda: setattr(node, "test", always)]
    return []


def _nudged(value: float) -> float:
    """A little more: one for a count, a tenth for a quantity."""
    return value + 1 if isinstance(value, int) else value * 1.1 if value else 0.1


class _Put(ast.NodeTransformer):
    """Puts a node in another's stead."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else self.generic_visit(node)
