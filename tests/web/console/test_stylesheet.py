"""The console gets the part of Tabler's stylesheet that its pages use."""

from __future__ import annotations

from tests.tabler_subset.subset import OUT, make_subset, names_in_use


def test_every_class_in_use_has_its_rules_of_tabler() -> None:
    """After a template takes another class of Tabler, `scripts/tabler` makes the file again."""
    assert OUT.read_text() == make_subset()


def test_classes_are_found_in_templates_and_scripts() -> None:
    assert {"btn", "btn-primary", "form-control", "visually-hidden", "picker-one"} <= names_in_use()


def test_rules_and_properties_without_use_are_left_out() -> None:
    css = make_subset()

    assert ".btn-primary" in css
    assert "--tblr-btn-color:" in css
    assert ".navbar" not in css
    assert "--tblr-facebook" not in css
    assert len(css) < 50_000
