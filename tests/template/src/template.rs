//! `template.yaml`, evaluated for one choice of parameters.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use rig::CONSOLE;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

pub const DATABASE_SECRET: &str =
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database-AbCdEf";
pub const JWT_SECRET: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:jwt-AbCdEf";

/// The least that a deployment says in each mode of authentication.
pub const JWT_MODE: [(&str, &str); 3] = [
    ("AuthMode", "jwt"),
    ("DatabaseSecretArn", DATABASE_SECRET),
    ("JwtSecretArn", JWT_SECRET),
];
pub const GATEWAY_MODE: [(&str, &str); 4] = [
    ("AuthMode", "gateway"),
    ("DatabaseSecretArn", DATABASE_SECRET),
    ("JwtIssuer", "https://issuer.example"),
    ("JwtAudience", "rollcall"),
];

/// The least that a deployment with a database of its own says.
pub const NEW_DATABASE: [(&str, &str); 2] = [("AuthMode", "jwt"), ("Database", "new")];

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// The file as it is, with short forms (`!Ref X`) written long (`{"Ref": "X"}`).
pub fn document() -> Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| read("template.yaml")).clone()
}

/// A template of the workspace, with short forms written long.
pub fn read(path: &str) -> Value {
    let text = std::fs::read_to_string(workspace().join(path)).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    assert_eq!(documents.len(), 1, "{path} holds one document");
    long_form(&documents[0])
}

/// What the template creates for a choice of parameters.
pub struct Deployment {
    globals: Value,
    resources: Map<String, Value>,
}

/// A function, with what `Globals` says about all of them.
pub struct Function {
    /// The folder under `functions/`.
    pub name: String,
    pub metadata: Value,
    pub properties: Value,
}

/// A route that leads to a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub method: String,
    pub path: String,
    pub function: String,
    pub timeout_millis: u64,
}

impl Deployment {
    /// Parameters that are not given have their defaults.
    pub fn with<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let document = document();
        let mut values = BTreeMap::new();
        for (name, declaration) in entries(&document["Parameters"]) {
            values.insert(
                name.clone(),
                (declaration["Default"].clone(), &declaration["Type"]),
            );
        }
        for (name, value) in parameters {
            let declared = values.get_mut(name);
            declared
                .unwrap_or_else(|| panic!("there is no parameter {name}"))
                .0 = json!(value);
        }
        let values = values
            .into_iter()
            .map(|(name, (value, kind))| {
                let value = if kind == "CommaDelimitedList" {
                    text(&value)
                        .split(',')
                        .map(|item| json!(item.trim()))
                        .collect()
                } else {
                    value
                };
                (name, value)
            })
            .collect();
        let evaluation = Evaluation {
            parameters: values,
            conditions: &document["Conditions"],
        };
        let part = |name: &str| evaluation.of(&document[name]).unwrap();
        let Value::Object(resources) = part("Resources") else {
            panic!("Resources is not a mapping");
        };
        Self {
            globals: part("Globals"),
            resources,
        }
    }

    pub fn resource(&self, id: &str) -> &Value {
        &self
            .resources
            .get(id)
            .unwrap_or_else(|| panic!("there is no resource {id}"))["Properties"]
    }

    /// The resource that a property names with `!Ref X` or `!GetAtt X.Arn`.
    pub fn named_by(&self, reference: &Value) -> &Value {
        self.resource(text(reference).trim_end_matches(".Arn"))
    }

    pub fn functions(&self) -> Vec<Function> {
        let functions = self.resources.values();
        let functions =
            functions.filter(|resource| resource["Type"] == "AWS::Serverless::Function");
        functions
            .map(|resource| {
                let mut properties = self.globals["Function"].clone();
                merge(&mut properties, &resource["Properties"]);
                let folder = text(&properties["CodeUri"]);
                Function {
                    name: folder
                        .strip_prefix("functions/")
                        .unwrap_or(&folder)
                        .to_owned(),
                    metadata: resource["Metadata"].clone(),
                    properties,
                }
            })
            .collect()
    }

    /// The functions of the API. Those without a route are invoked by deploys, clocks and people, and the console has
    /// nothing but its pages.
    pub fn api_functions(&self) -> impl Iterator<Item = Function> {
        let functions = self.functions().into_iter();
        functions.filter(|function| function.name != CONSOLE && !function.routes().is_empty())
    }

    pub fn function(&self, name: &str) -> Function {
        let found = self
            .functions()
            .into_iter()
            .find(|function| function.name == name);
        found.unwrap_or_else(|| panic!("there is no function {name}"))
    }

    pub fn routes(&self) -> Vec<Route> {
        self.functions().iter().flat_map(Function::routes).collect()
    }
}

impl Function {
    pub fn environment(&self) -> BTreeMap<String, String> {
        entries(&self.properties["Environment"]["Variables"])
            .map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }

    pub fn routes(&self) -> Vec<Route> {
        let Value::Object(events) = &self.properties["Events"] else {
            return Vec::new();
        };
        events
            .values()
            .filter(|event| event["Type"] == "HttpApi")
            .map(|event| Route {
                method: text(&event["Properties"]["Method"]),
                path: text(&event["Properties"]["Path"]),
                function: self.name.clone(),
                timeout_millis: event["Properties"]["TimeoutInMillis"].as_u64().unwrap(),
            })
            .collect()
    }
}

/// The members of a mapping.
pub fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("not a mapping: {value}"))
        .iter()
}

/// A scalar as a deploy passes it on.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        other => panic!("not a scalar: {other}"),
    }
}

/// A list, or the list of a single value, as policies allow it.
pub fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        single => vec![text(single)],
    }
}

fn long_form(node: &Yaml) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(truth)) => json!(truth),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => items.iter().map(long_form).collect(),
        Yaml::Mapping(pairs) => pairs
            .iter()
            .map(|(key, value)| (text(&long_form(key)), long_form(value)))
            .collect(),
        Yaml::Tagged(tag, node) => {
            let name = match tag.suffix.as_str() {
                "Ref" => "Ref".to_owned(),
                name => format!("Fn::{name}"),
            };
            json!({ name: long_form(node) })
        }
        other => panic!("not expected in a template: {other:?}"),
    }
}

/// SAM's rule: mappings are merged, everything else is replaced.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

struct Evaluation<'a> {
    parameters: BTreeMap<String, Value>,
    conditions: &'a Value,
}

impl Evaluation<'_> {
    /// `None` is `AWS::NoValue`. References to resources become `X`, attributes `X.Attribute`.
    fn of(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Array(items) => Some(items.iter().filter_map(|item| self.of(item)).collect()),
            Value::Object(pairs) => match pairs.iter().next() {
                Some((name, argument))
                    if pairs.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) =>
                {
                    self.call(name, argument)
                }
                _ => Some(Value::Object(
                    pairs
                        .iter()
                        .filter_map(|(key, value)| Some((key.clone(), self.of(value)?)))
                        .collect(),
                )),
            },
            scalar => Some(scalar.clone()),
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Option<Value> {
        match function {
            "Ref" if argument == "AWS::NoValue" => None,
            "Ref" => Some(
                self.parameters
                    .get(&text(argument))
                    .unwrap_or(argument)
                    .clone(),
            ),
            "Fn::GetAtt" => Some(argument.clone()),
            "Fn::If" => {
                let chosen = if self.condition(&argument[0]) { 1 } else { 2 };
                self.of(&argument[chosen])
            }
            "Fn::Join" => {
                let parts = self.of(&argument[1])?;
                Some(json!(list(&parts).join(&text(&argument[0]))))
            }
            "Fn::Sub" => {
                // With a mapping beside it, only the names in the mapping are others.
                let pattern = argument.get(0).unwrap_or(argument);
                Some(json!(self.substituted(&text(pattern))))
            }
            "Fn::Condition" => Some(json!(self.condition(argument))),
            "Fn::Equals" => {
                let sides = [&argument[0], &argument[1]].map(|side| text(&self.of(side).unwrap()));
                Some(json!(sides[0] == sides[1]))
            }
            "Fn::Not" => Some(json!(self.of(&argument[0])? == false)),
            "Fn::And" => Some(json!(self.all(argument).iter().all(|truth| *truth == true))),
            "Fn::Or" => Some(json!(self.all(argument).iter().any(|truth| *truth == true))),
            "Fn::Select" => {
                let items = self.of(&argument[1])?;
                let number: usize = text(&argument[0]).parse().ok()?;
                items.get(number).cloned()
            }
            "Fn::Split" => {
                let whole = text(&self.of(&argument[1])?);
                let separator = text(&argument[0]);
                let parts = whole.split(&separator);
                Some(parts.map(|part| json!(part)).collect())
            }
            other => panic!("the tests cannot evaluate {other} yet"),
        }
    }

    fn all(&self, arguments: &Value) -> Vec<Value> {
        let arguments = arguments.as_array().into_iter().flatten();
        arguments.filter_map(|argument| self.of(argument)).collect()
    }

    fn condition(&self, name: &Value) -> bool {
        let condition = &self.conditions[text(name)];
        assert!(!condition.is_null(), "there is no condition {name}");
        self.of(condition).unwrap() == true
    }

    /// Replaces the parameters; everything else in `${}` stays as it is.
    fn substituted(&self, pattern: &str) -> String {
        self.parameters
            .iter()
            .filter(|(_, value)| !value.is_array())
            .fold(pattern.to_owned(), |text_so_far, (name, value)| {
                let place = format!("${{{name}}}");
                if text_so_far.contains(&place) {
                    text_so_far.replace(&place, &text(value))
                } else {
                    text_so_far
                }
            })
    }
}
