"""Work on several photos: exports, contact sheets and plans, each a job that can be watched and ended."""
