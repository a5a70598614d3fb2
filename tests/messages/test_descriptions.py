"""Descriptions come from the declarations themselves: the docstring under a field, or its name spelt out."""

from __future__ import annotations

import msgspec
import pytest

from flightsw.messages.descriptions import field_descriptions, spelt_out
from flightsw.messages.power import PowerStatus
from flightsw.messages.topics import shipped_topics
from flightsw.record.catalogue import catalogue_page


class Base:
    """Fields that another inherits."""

    kept_w: float
    """said here"""
    changed_w: float
    """said here, and again"""

    class Inner:
        """Within another."""

        deep_c: float
        """told
        on two lines"""


class Derived(Base):
    changed_w: float
    """said anew"""
    silent_w: float

    def method(self) -> None:
        """No field."""


def test_the_docstring_under_a_field_is_its_description_and_the_nearest_class_has_the_last_word() -> None:
    assert field_descriptions(Derived) == {"kept_w": "said here", "changed_w": "said anew"}
    assert field_descriptions(Base.Inner) == {"deep_c": "told on two lines"}


def test_shipped_messages_tell_of_their_fields() -> None:
    told = field_descriptions(PowerStatus)
    assert told["compute_cap_w"] == "power the payload computer may draw"
    fields = {field.name for topic in shipped_topics() for field in msgspec.structs.fields(topic.kind)}
    everything = {name for topic in shipped_topics() for name in field_descriptions(topic.kind)}
    assert len(everything) >= 80
    assert everything <= fields


def test_a_class_without_source_has_no_descriptions() -> None:
    assert field_descriptions(type("Made", (), {})) == {}
    assert field_descriptions(int) == {}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("battery_voltage_v", "battery voltage"),
        ("chip_c", "chip temperature"),
        ("soc", "state of charge"),
        ("reserve_soc", "reserve state of charge"),
        ("velocity_km_s", "velocity"),
        ("queue_bytes", "queue bytes"),
        ("busy_fraction", "busy fraction"),
        ("brownout", "brownout"),
    ],
)
def test_a_name_is_spelt_out_without_its_unit(field: str, words: str) -> None:
    assert spelt_out(field) == words


def test_the_page_has_a_row_for_every_field_of_every_topic() -> None:
    page = catalogue_page()
    names = [f"{topic.name}.{field.name}" for topic in shipped_topics() for field in msgspec.structs.fields(topic.kind)]
    assert len(names) >= 300
    for name in names:
        assert f"| `{name}` |" in page
