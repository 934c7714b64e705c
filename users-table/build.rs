//! Makes cargo notice a new migration, which is embedded by a macro that reads the folder.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
