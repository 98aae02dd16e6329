"""One example of a dataset: the request, the edits, the spoiled photo and the reasoning, drawn from the recipe."""
