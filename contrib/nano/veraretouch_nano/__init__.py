"""`vera-nano`: the weights of a planner of vera's architecture with ten million parameters, as a bundle."""

from pathlib import Path

BUNDLE = {
    "source": str(Path(__file__).with_name("bundle")),
    "summary": "A vision-language planner of ten million parameters: words, and sliders or embeddings.",
}
