"""`tests/` mirrors the rooms file by file; every exception stands here with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from mirror import ROOT, logic, modules, named_tests

# Modules that hold facts, declarations or a few words: there is nothing that a test of their own could prove wrong.
WITHOUT_LOGIC = {
    "core/contract/bundle.py": "a protocol",
    "core/photo/decoded.py": "a dataclass",
    "core/photo/header.py": "a dataclass",
    "core/photo/losses.py": "one warning",
    "core/photo/outgoing.py": "a dataclass",
    "core/render/report.py": "a dataclass",
    "core/testing/samples.py": "the list of sample photos",
    "planners/saving.py": "one call to packing",
    "planners/training/scene/stages.py": "a table",
    "planners/training/vera/stages.py": "a table",
    "planners/vera/installation.py": "one error",
    "zoo/extras.py": "a table",
    "zoo/listener.py": "hooks that hand over",
}

# Modules that are judged through the door that people use: the tests that do it.
_CHECK_AREA = "tests/core/testing/test_check_area.py"
_CHECK_OP = "tests/core/testing/test_check_op.py"
_CHECK_PLANNER = "tests/core/testing/test_check_planner.py"
_CHECK_REWARD = "tests/core/testing/test_check_reward.py"
_EACH = "tests/zoo/coreml/interpretation/test_each_operation.py"
_EXPORT = "tests/zoo/coreml/test_export.py"
_FIT = "tests/planners/fit/test_fit.py"
_METADATA = "tests/core/photo/metadata/test_metadata.py"
_READING = "tests/core/photo/test_reading.py"
_VERA = "tests/planners/vera/test_planner.py"
TESTED_BY = {
    "core/cli/torch_lightly.py": "tests/core/cli/test_nursery.py",
    "core/cli/new.py": "tests/contrib/test_template.py",
    "core/cli/plan_files.py": "tests/planners/test_plan_options.py",
    "core/color/hue_bands.py": "tests/ops/test_hsl.py",
    "core/contract/declaration.py": "tests/core/contract/test_op.py",
    "core/contract/slot_kinds.py": "tests/core/contract/test_slots.py",
    "core/photo/assemble.py": _READING,
    "core/photo/color/cicp.py": "tests/core/photo/formats/test_png.py",
    "core/photo/color/icc.py": "tests/core/photo/color/test_encoding.py",
    "core/photo/formats/avif_boxes.py": "tests/core/photo/formats/test_avif_jpeg_xl.py",
    "core/photo/formats/heif.py": "tests/core/photo/formats/test_extras.py",
    "core/photo/formats/jpeg_xl.py": "tests/core/photo/formats/test_avif_jpeg_xl.py",
    "core/photo/formats/mapped.py": "tests/core/photo/formats/test_tiff.py",
    "core/photo/formats/pillow_image.py": _READING,
    "core/photo/formats/raw_extent.py": "tests/core/photo/formats/test_raw.py",
    "core/photo/formats/webp.py": _READING,
    "core/photo/hashing.py": "tests/core/photo/test_sources.py",
    "core/photo/load.py": _READING,
    "core/photo/metadata/xmp.py": _METADATA,
    "core/photo/photo.py": _READING,
    "core/photo/photo_input.py": "tests/core/photo/test_arrays.py",
    "core/photo/picture.py": "tests/core/photo/test_saving.py",
    "core/photo/save.py": "tests/core/photo/test_saving.py",
    "core/contract/local.py": "tests/core/render/test_local.py",
    "ops/presets/crops/moving.py": "tests/ops/presets/crops/test_settings.py",
    "core/render/assembly.py": "tests/core/render/test_local.py",
    "core/render/notebook.py": "tests/core/render/test_retoucher.py",
    "core/render/options.py": "tests/core/render/test_retoucher.py",
    "core/render/result.py": "tests/core/render/test_retoucher.py",
    "core/render/tables/in_turn.py": "tests/core/render/test_local.py",
    "core/render/tables/local.py": "tests/core/render/tables/test_composed.py",
    "core/render/tables/local_job.py": "tests/core/render/tables/test_composed.py",
    "core/plan/edit.py": "tests/core/plan/test_plan.py",
    "core/testing/checks.py": _CHECK_OP,
    "core/testing/isolation.py": _CHECK_OP,
    "core/testing/op.py": _CHECK_OP,
    **{
        f"core/testing/op_checks/{name}.py": _CHECK_OP
        for name in (
            "behaviour",
            "declarations",
            "effects",
            "engines",
            "gradients",
            "places",
            "specimen",
        )
    },
    "core/testing/area.py": _CHECK_AREA,
    **{f"core/testing/area_checks/{name}.py": _CHECK_AREA for name in ("documents", "masks", "places", "specimen")},
    "core/testing/inputs/pixels.py": _CHECK_OP,
    "core/testing/inputs/specimen.py": _CHECK_OP,
    "core/testing/planner.py": _CHECK_PLANNER,
    "core/testing/planner_checks/bench.py": _CHECK_PLANNER,
    "core/testing/planner_checks/proposals.py": _CHECK_PLANNER,
    "core/testing/planner_checks/tasteful.py": _CHECK_PLANNER,
    "core/testing/reward.py": _CHECK_REWARD,
    **{f"core/testing/reward_checks/{name}.py": _CHECK_REWARD for name in ("bench", "scores")},
    "core/testing/suites.py": "tests/core/cli/test_check.py",
    "ops/areas/capsules.py": "tests/ops/areas/test_brush.py",
    "ops/areas/refining.py": "tests/ops/areas/test_bitmap.py",
    "ops/presets/fields.py": "tests/ops/presets/test_reading.py",
    "ops/presets/local_fields.py": "tests/ops/presets/test_mask_writing.py",
    "ops/presets/lrtemplate.py": "tests/ops/presets/test_reading.py",
    "ops/presets/mask_frame.py": "tests/ops/presets/test_masks.py",
    "ops/presets/mask_shapes.py": "tests/ops/presets/test_masks.py",
    "ops/presets/pack.py": "tests/ops/presets/test_real_files.py",
    "ops/presets/preset.py": "tests/ops/presets/test_reading.py",
    "ops/presets/xmp.py": "tests/ops/presets/test_malformed.py",
    "planners/combining.py": "tests/planners/test_commands.py",
    "planners/precision.py": "tests/planners/reference/test_planner.py",
    "planners/rules/testing/suite.py": "tests/planners/rules/testing/test_lexicon.py",
    "planners/styles.py": "tests/planners/test_preset_commands.py",
    "planners/wishes.py": "tests/planners/test_plan_options.py",
    "planners/eval/claims.py": "tests/planners/eval/test_behaviour.py",
    "planners/eval/folders.py": "tests/planners/eval/test_data.py",
    "planners/eval/run.py": "tests/planners/eval/test_protocols.py",
    "planners/eval/run_report.py": "tests/planners/eval/test_command.py",
    "planners/eval/summary.py": "tests/planners/eval/test_command.py",
    "planners/eval/tables.py": "tests/planners/eval/test_command.py",
    **{
        f"planners/fit/areas/{name}.py": "tests/planners/fit/test_areas.py"
        for name in ("finding", "layered", "places", "proposals", "words")
    },
    "planners/fit/commands.py": "tests/planners/fit/test_like.py",
    "planners/fit/fit_report.py": "tests/planners/fit/test_explain.py",
    "planners/fit/perceived.py": _FIT,
    "planners/fit/planner.py": _FIT,
    "planners/fit/search.py": _FIT,
    "planners/fit/slider_chain.py": "tests/planners/fit/test_explain.py",
    "planners/fit/sliders.py": "tests/planners/fit/test_explain.py",
    **{
        f"planners/fit/{name}.py": "tests/planners/fit/test_parts.py" for name in ("align", "pairs", "solver", "target")
    },
    "planners/rules/color_wish.py": "tests/planners/test_style_prompts.py",
    **{f"planners/tiny/{name}.py": "tests/planners/tiny/test_planner.py" for name in ("latents", "reasoning")},
    "planners/training/runs.py": "tests/planners/training/test_loop.py",
    "planners/training/tiny_examples.py": "tests/planners/training/test_command.py",
    **{
        f"planners/training/vera/{name}.py": "tests/planners/training/vera/test_end_to_end.py"
        for name in ("answers", "examples", "task")
    },
    **{f"planners/vera/{name}.py": _VERA for name in ("model", "packages", "precision", "tokenizer", "tower")},
    "planners/vera/prompts.py": "tests/planners/vera/test_golden.py",
    **{
        f"planners/vera/{name}.py": "tests/planners/vera/test_checkpoint.py"
        for name in ("published_config", "slow_tokenizer", "weights")
    },
    **{
        f"planners/vera/writing/onnx/{name}.py": "tests/planners/vera/writing/onnx/test_onnx.py"
        for name in ("graph", "onnx_writer", "quantise")
    },
    "planners/vera/writing/sampling.py": "tests/planners/vera/writing/test_writer.py",
    "planners/vera/writing/single_writer.py": "tests/planners/vera/writing/test_writer.py",
    "zoo/bundles/bundle.py": "tests/zoo/bundles/test_tampering.py",
    "zoo/bundles/card.py": "tests/zoo/bundles/test_packing.py",
    "zoo/bundles/fetch_options.py": "tests/zoo/test_fetch.py",
    **{
        f"zoo/coreml/{name}.py": _EXPORT
        for name in (
            "commands",
            "devices",
            "exporting",
            "judging",
            "networks",
            "photos",
            "recipe",
            "recipes",
            "running",
        )
    },
    "zoo/coreml/language.py": "tests/zoo/coreml/test_golden.py",
    "zoo/coreml/renderers.py": "tests/zoo/coreml/test_parity.py",
    **{f"zoo/coreml/translation/{name}.py": _EACH for name in ("aten", "operands", "percentiles", "translate")},
    "zoo/hub.py": "tests/zoo/test_fetch.py",
    "zoo/licence.py": "tests/zoo/test_commands.py",
    "zoo/publishing.py": "tests/zoo/bundles/test_packing.py",
    "zoo/sources.py": "tests/zoo/test_names.py",
    "zoo/testing/bundle.py": "tests/zoo/testing/test_check_bundle.py",
    "zoo/testing/hub.py": "tests/zoo/testing/test_pytest_plugin.py",
    "zoo/testing/hub_state.py": "tests/zoo/test_fetch.py",
    "zoo/testing/routes.py": "tests/zoo/test_attacks.py",
    "zoo/testing/suite.py": "tests/zoo/testing/test_check_bundle.py",
}


def test_every_module_with_logic_has_a_test_file_of_its_name_or_a_stated_one():
    left = [str(module) for module in modules() if not named_tests(module)]
    assert [module for module in left if module not in WITHOUT_LOGIC and module not in TESTED_BY] == []


@pytest.mark.parametrize("listed", [WITHOUT_LOGIC, TESTED_BY], ids=["without logic", "tested by"])
def test_no_exception_is_stale(listed):
    gone = [name for name in listed if not (ROOT / name).is_file()]
    needless = [name for name in listed if (ROOT / name).is_file() and named_tests(Path(name))]
    assert (gone, needless) == ([], [])


def test_the_tests_that_are_named_are_there():
    assert sorted({tests for tests in TESTED_BY.values() if not (ROOT / tests).is_file()}) == []


def test_what_is_said_to_have_no_logic_has_next_to_none():
    assert {
        name: logic(Path(name)) for name in WITHOUT_LOGIC if (ROOT / name).is_file() and logic(Path(name)) > 6
    } == {}
