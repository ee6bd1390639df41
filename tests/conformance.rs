//! Every system × table × check of this repository, as trials. Another project has this one line too.

fn main() -> std::process::ExitCode {
    seaworthy::cargo_test::main("seaworthy.toml")
}
