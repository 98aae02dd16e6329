"""Load a retoucher by name."""

from __future__ import annotations

from inspect import signature
from typing import Any

from ..core.errors import BrokenPlugin, IncompatibleBundle, InvalidRequest
from ..core.plugins.registry import registry
from ..core.render.renderer import Renderer
from ..core.render.retoucher import Retoucher, load_planner
from .bundles.bundle import Bundle
from .bundles.compatibility import check_compatible
from .bundles.verified import Verify
from .fetch import fetch


def load(
    name: str,
    *,
    variant: str | None = None,
    revision: str | None = None,
    device: Any = None,
    dtype: Any = None,
    accept_license: bool = False,
    verify: Verify = "stamp",
    **options: Any,
) -> Retoucher:
    """A retoucher by name.

    Args:
        name: a planner that needs no weights, a bundle's name, `owner/repo[@revision]`, `hf://...`, or a folder.
        variant: which of the bundle's variants; `torch` by default.
        revision: another commit, branch or tag than the index names.
        device, dtype: handed to the planner that is made from the bundle.
        accept_license: agree to a licence that does not allow commercial use; it is remembered.
        verify: `always` hashes every file anew, `stamp` those that changed since they were hashed.
        options: more for the planner's `from_bundle`, such as `runtime` of `vera-0.5b`.

    Raises:
        UnknownBundle, UnreachableBundle, LicenceNotAccepted, TamperedBundle
        IncompatibleBundle: made for ops or a planner that are not installed.
        InvalidRequest: an option that the planner does not know.

    >>> load("rules").planner.id
    'rules'
    """
    if name in registry.planners:
        return Retoucher(load_planner(name), Renderer(device=device))
    bundle = fetch(name, variant=variant, revision=revision, accept_license=accept_license, verify=verify)
    return open_bundle(bundle, device=device, dtype=dtype, **options)


def open_bundle(bundle: Bundle, *, device: Any = None, dtype: Any = None, **options: Any) -> Retoucher:
    """The retoucher that a bundle makes of an installed planner: its class's `from_bundle(bundle, device=, dtype=)`.

    Raises:
        IncompatibleBundle, TamperedBundle
        BrokenPlugin: the planner's class has no `from_bundle`. InvalidRequest: it does not know one of the options.
    """
    manifest = bundle.manifest
    if manifest.kind != "planner":
        raise IncompatibleBundle(
            f"bundle {manifest.name!r} is a {manifest.kind}, which retouches nothing by itself",
            cure="Load a bundle of kind 'planner'.",
        )
    if "coreml" in manifest.document["variants"][bundle.variant]:
        raise IncompatibleBundle(
            f"variant {bundle.variant!r} of {manifest.name!r} is for iPhones and Macs",
            cure="Load another variant here, or copy this one to an app: veraretouch zoo pull NAME --variant ... --to FOLDER.",
        )
    check_compatible(manifest)
    plugin = registry.planners.load(manifest.planner["id"])
    if not hasattr(plugin, "from_bundle"):
        raise BrokenPlugin(
            f"planner {plugin.id!r} cannot be made from a bundle: it has no from_bundle()", cure="See zoo.open_bundle."
        )
    unknown = options.keys() - signature(plugin.from_bundle).parameters.keys()
    if unknown:
        raise InvalidRequest(
            f"planner {plugin.id!r} knows no option {', '.join(sorted(unknown))}", cure="Leave it out."
        )
    planner = plugin.from_bundle(bundle, device=device, dtype=dtype, **options)
    ops = getattr(planner, "ops", None)  # those with weights of the bundle
    origin = {"name": manifest.name, "version": manifest.version, "licence": manifest.licence.spdx}
    return Retoucher(
        planner,
        Renderer(ops, device=device),
        origin=origin | ({"revision": bundle.revision} if bundle.revision else {}),
    )
