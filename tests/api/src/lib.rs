//! Black-box tests of all functions: they live in `tests/api`, and this library holds nothing.
