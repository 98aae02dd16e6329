"""Benchmarks import their neighbours by plain names; `make bench` runs them and writes docs/benchmarks/."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
