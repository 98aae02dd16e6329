"""Load a retoucher by name: resolve it, fetch and verify its bundle, make its planner, and put a renderer beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from inspect import signature
from typing import Any, Final

from ..core.errors import BrokenPlugin, IncompatibleBundle, InvalidRequest
from ..core.plugins.registry import registry
from ..core.render.renderer import Renderer
from ..core.render.retoucher import Retoucher
from .bundles.bundle import Bundle
from .bundles.compatibility import check_compatible
from .bundles.configuration import check_configuration
from .bundles.fetch_options import FetchOptions
from .bundles.verified import Verify
from .fetch import fetch_listed
from .hub import Hub
from .names import find

# What a planner takes that does not say otherwise by `dtypes`.
_DTYPES: Final = ("float32", "bfloat16", "float16")


def load(
    name: str | os.PathLike[str],
    *,
    variant: str | None = None,
    revision: str | None = None,
    device: Any = None,
    dtype: Any = None,
    runtime: str | None = None,
    options: Mapping[str, Any] | None = None,
    accept_licence: bool = False,
    verify: Verify = "stamp",
) -> Retoucher:
    """A retoucher by name.

    Args:
        name: a planner that needs no weights, a bundle's name, `owner/repo[@revision]`, `hf://...`, or a folder: a
            path, or text such as `./bundle`.
        variant: which of the bundle's variants; `torch` by default.
        revision: another commit, branch or tag than the index names.
        device: a torch device for the planner and the renderer; the CPU by default.
        dtype: the precision of the planner's network, as a torch dtype or its name.
        runtime: what executes the planner's network, where it offers a choice, as `vera-0.5b` does.
        options: more keywords of the planner's `from_bundle`, for planners of others.
        accept_licence: agree to a licence that does not allow commercial use; it is remembered.
        verify: `always` hashes every file anew, `stamp` those that changed since they were hashed.

    Raises:
        UnknownBundle, UnreachableBundle, LicenceNotAccepted, TamperedBundle
        IncompatibleBundle: made for ops or a planner that are not installed. BrokenPlugin: its planner makes no bundle.
        InvalidRequest: a variant, revision, dtype, runtime or option that the planner does not take.

    >>> load("rules").planner.id
    'rules'
    """
    given = {"dtype": dtype, "runtime": runtime, **(options or {})}
    if isinstance(name, str) and name in registry.planners:
        return _installed(name, device, {"variant": variant, "revision": revision, **given})
    listing = find(name, variant=variant, revision=revision)
    bundle = fetch_listed(listing, FetchOptions(variant, verify, accept_licence), Hub.from_environment())
    return _made(bundle, device, given)


def open_bundle(
    bundle: Bundle,
    *,
    device: Any = None,
    dtype: Any = None,
    runtime: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Retoucher:
    """The retoucher that a bundle makes of an installed planner: its class's `from_bundle(bundle, device=, dtype=)`.

    The planner's class may state `dtypes`, the names of those that it takes, and `configuration_schema`, a JSON Schema
    that the bundle's configuration is judged by before anything is made.

    Args:
        device, dtype, runtime, options: as in `load`.

    Raises:
        IncompatibleBundle, TamperedBundle
        InvalidDocument: the configuration breaks the planner's schema.
        BrokenPlugin: the planner's class has no `from_bundle`. InvalidRequest: it does not take one of the options.
    """
    return _made(bundle, device, {"dtype": dtype, "runtime": runtime, **(options or {})})


def _installed(name: str, device: Any, options: Mapping[str, Any]) -> Retoucher:
    """The retoucher of an installed planner, which takes a device and nothing else."""
    for option, value in options.items():
        if value is not None:
            raise InvalidRequest(
                f"{option} {str(value)!r} for {name!r}, which is an installed planner and no bundle",
                cure="Leave it out.",
            )
    return Retoucher(registry.planners.load(name)(), Renderer(device=device))


def _made(bundle: Bundle, device: Any, options: Mapping[str, Any]) -> Retoucher:
    """The retoucher of a bundle whose files have been verified."""
    manifest = bundle.manifest
    plugin = _planner_of(bundle)
    check_configuration(manifest, plugin)
    planner = plugin.from_bundle(bundle, device=device, **_checked(plugin, options))
    ops = getattr(planner, "ops", None)  # those with weights of the bundle
    origin = {"name": manifest.name, "version": manifest.version, "licence": manifest.licence.spdx}
    return Retoucher(
        planner,
        Renderer(ops, device=device),
        origin=origin | ({"revision": bundle.revision} if bundle.revision else {}),
    )


def _planner_of(bundle: Bundle) -> Any:
    """The installed planner's class that a bundle is for."""
    manifest = bundle.manifest
    if manifest.kind != "planner":
        raise IncompatibleBundle(
            f"bundle {manifest.name!r} is a {manifest.kind}, which retouches nothing by itself",
            cure="Load a bundle of kind 'planner'.",
        )
    if "coreml" in manifest.document["variants"][bundle.variant]:
        raise IncompatibleBundle(
            f"variant {bundle.variant!r} of {manifest.name!r} is for iPhones and Macs",
            cure="Load another variant here, or copy this one to an app: "
            "veraretouch zoo pull NAME --variant ... --to FOLDER.",
        )
    check_compatible(manifest)
    plugin = registry.planners.load(manifest.planner["id"])
    if not hasattr(plugin, "from_bundle"):
        raise BrokenPlugin(
            f"planner {plugin.id!r} cannot be made from a bundle: it has no from_bundle()", cure="See zoo.open_bundle."
        )
    return plugin


def _checked(plugin: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are given, each of which the planner takes; `dtype` always, as every `from_bundle` has it."""
    given = {key: value for key, value in options.items() if value is not None or key == "dtype"}
    unknown = given.keys() - signature(plugin.from_bundle).parameters.keys()
    if unknown:
        raise InvalidRequest(
            f"planner {plugin.id!r} knows no option {', '.join(sorted(unknown))}", cure="Leave it out."
        )
    known = getattr(plugin, "dtypes", _DTYPES)
    name = str(given["dtype"]).removeprefix("torch.")
    if given["dtype"] is not None and name not in known:
        raise InvalidRequest(f"dtype {name!r} for planner {plugin.id!r}", cure=f"It takes {', '.join(known)}.")
    return given
