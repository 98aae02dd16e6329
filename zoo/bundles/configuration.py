"""A bundle's configuration, judged by the JSON Schema of its planner's class before anything is made of it."""

from __future__ import annotations

from typing import Any

from ...core.errors import BrokenPlugin
from ...core.strict_json import judge_by
from .manifest import Manifest


def check_configuration(manifest: Manifest, plugin: Any) -> None:
    """Judge a bundle's configuration by `plugin.configuration_schema`, a JSON Schema (draft 2020-12).

    A planner without one takes whatever comes, and has to judge it itself.

    Raises:
        InvalidDocument: a value breaks the schema; its path begins the message.
        BrokenPlugin: what the planner declares is no JSON Schema.
    """
    declared = getattr(plugin, "configuration_schema", None)
    if declared is None:
        return
    schema = dict(declared)
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise BrokenPlugin(
            f"planner {plugin.id!r} declares a configuration_schema that is none: {error.message}",
            cure="Tell its author: it is a JSON Schema of draft 2020-12.",
        ) from None
    judge_by(
        manifest.planner.get("configuration", {}), Draft202012Validator(schema), name="bundle.planner.configuration"
    )
