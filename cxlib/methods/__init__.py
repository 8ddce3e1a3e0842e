"""Methods by question: pure functions from tables to results, each with its refusal."""
