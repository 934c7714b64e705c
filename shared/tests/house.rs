//! The rules of the house: which module may know which.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers do too"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, File, ItemMod, ItemUse, UseTree, Visibility,
    visit::{self, Visit},
};

/// A file that is longer does more than one thing.
const MAX_LINES: usize = 400;

/// A module's path in the crate, such as `["platform", "database", "lease"]`.
type Module = Vec<String>;

#[test]
fn the_platform_knows_no_table_and_no_user() {
    for (module, uses) in modules() {
        if module.starts_with(&["platform".to_owned()]) {
            for used in uses {
                assert_eq!(used[0], "platform", "{module:?} uses {used:?}");
            }
        }
    }
}

#[test]
fn the_store_knows_no_http() {
    let store = ["shared/src/store", "users-table/src"];
    let files = store
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)));
    for (path, file) in files {
        let names = Names::of(&file);
        for name in ["lambda_http", "flate2"] {
            assert!(!names.roots.contains(name), "{path:?} uses {name}");
        }
        let http = ["crate".to_owned(), "platform".to_owned(), "http".to_owned()];
        let uses_http = names.paths.iter().any(|path| path.starts_with(&http));
        assert!(!uses_http, "{path:?}");
    }
}

#[test]
fn functions_know_no_driver() {
    for (path, file) in rust_files(&root().join("functions")) {
        let names = Names::of(&file);
        for driver in ["sqlx", "redis", "deadpool", "aws_sdk_secretsmanager"] {
            assert!(!names.roots.contains(driver), "{path:?} uses {driver}");
        }
    }
}

#[test]
fn no_modules_know_each_other_in_a_circle() {
    let modules = modules();
    let mut done = BTreeSet::new();
    for module in modules.keys() {
        visit_uses(&modules, module, &mut Vec::new(), &mut done);
    }
    assert_eq!(done.len(), modules.len());
}

fn visit_uses(
    modules: &BTreeMap<Module, BTreeSet<Module>>,
    module: &Module,
    way: &mut Vec<Module>,
    done: &mut BTreeSet<Module>,
) {
    if let Some(start) = way.iter().position(|visited| visited == module) {
        panic!("a circle: {:?}", &way[start..]);
    }
    if done.contains(module) {
        return;
    }
    way.push(module.clone());
    for used in &modules[module] {
        visit_uses(modules, used, way, done);
    }
    way.pop();
    done.insert(module.clone());
}

#[test]
fn no_file_is_longer_than_one_thing() {
    for folder in ["shared/src", "functions", "users-table/src"] {
        for path in paths(&root().join(folder)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= MAX_LINES, "{path:?} has {lines} lines");
        }
    }
}

/// Every module of the shared crate, and those that it uses outside its tests.
fn modules() -> BTreeMap<Module, BTreeSet<Module>> {
    let source = root().join("shared/src");
    let files: BTreeMap<Module, File> = rust_files(&source)
        .into_iter()
        .map(|(path, file)| (module_of(path.strip_prefix(&source).unwrap()), file))
        .collect();
    assert!(files.len() > 50, "{}", files.len());
    let used_by = |module: &Module, file: &File| {
        let used = Names::of(file).paths.into_iter().filter_map(|path| {
            let mut used = absolute(module, &path)?;
            // What is left after the module are the names of items.
            while !files.contains_key(&used) {
                used.pop();
            }
            // The root wires rooms together, and a module may name the one that it is in.
            (!used.is_empty() && used != *module).then_some(used)
        });
        used.collect()
    };
    files
        .iter()
        .map(|(module, file)| (module.clone(), used_by(module, file)))
        .collect()
}

fn module_of(file: &Path) -> Module {
    let mut module: Module = file
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if ["mod", "lib"].contains(&module.last().unwrap().as_str()) {
        module.pop();
    }
    module
}

/// The path from the root of the crate, or `None` for one that leads into another crate.
fn absolute(module: &Module, path: &[String]) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let mut base = match first.as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        "super" => module[..module.len() - 1].to_vec(),
        _ => return None,
    };
    for name in rest {
        if name == "super" {
            base.pop();
        } else {
            base.push(name.clone());
        }
    }
    Some(base)
}

/// The paths that a file names outside its tests, and what they begin with.
#[derive(Default)]
struct Names {
    paths: Vec<Vec<String>>,
    roots: BTreeSet<String>,
}

impl Names {
    fn of(file: &File) -> Self {
        let mut names = Self::default();
        names.visit_file(file);
        names.roots = names.paths.iter().map(|path| path[0].clone()).collect();
        names
    }

    fn add_tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&path.tree, &with(&path.ident)),
            UseTree::Name(name) => self.paths.push(with(&name.ident)),
            UseTree::Rename(name) => self.paths.push(with(&name.ident)),
            UseTree::Glob(_) => self.paths.push(before.to_vec()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, before);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        self.paths.push(names.collect());
        visit::visit_path(self, path);
    }

    /// `pub(super)` says who may know the module, not what it knows.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !module.attrs.iter().any(is_for_tests) {
            visit::visit_item_mod(self, module);
        }
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Ident>()
            .is_ok_and(|name| name == "test")
}

fn rust_files(folder: &Path) -> Vec<(PathBuf, File)> {
    let parse = |path: PathBuf| {
        let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
        (path, file)
    };
    paths(folder).into_iter().map(parse).collect()
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(paths(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}
