//! The rules that make a verdict worth something (DESIGN.md, "Soundness"), each tried on a real server.

mod bounds;
mod controls;
mod effects;
mod names;
mod probing_role;
mod sameness;
mod system;
