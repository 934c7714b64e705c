//! Holds what is written about the API to what the code does. What several of these tests start is
//! here.

pub mod stack;
