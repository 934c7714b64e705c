//! The custom resource of the template: what CloudFormation asks, and how it is answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::platform::{cloudformation_response, error::Error};

/// CloudFormation refuses answers over 4096 bytes. This leaves room for the other members.
const MAX_REASON_BYTES: usize = 1_500;

/// What the resource is called where there is no earlier name. It never changes, because a new name
/// would make CloudFormation delete the old resource after an update.
const RESOURCE_ID: &str = "rollcall-schema";

/// A request for the custom resource.
///
/// It has no `Debug`: the response URL is enough to answer in its name.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// What happens to the resource.
    #[serde(rename = "RequestType")]
    pub change: Change,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    #[serde(rename = "RequestId")]
    id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
    /// What the template says.
    #[serde(default)]
    pub resource_properties: Value,
    /// What it said before an update.
    #[serde(default)]
    pub old_resource_properties: Value,
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Change {
    /// It is new.
    Create,
    /// Its properties have changed, or are changed back.
    Update,
    /// It goes.
    Delete,
}

/// The answer, as CloudFormation wants it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    physical_resource_id: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    /// Nothing in an answer is secret, and the events of the stack may show it.
    no_echo: bool,
    data: Value,
}

impl Request {
    /// Whether an event is one of CloudFormation's.
    pub fn is_one(event: &Value) -> bool {
        event.get("RequestType").is_some() && event.get("ResponseURL").is_some()
    }

    /// The answer to this request: data for the template, or what went wrong.
    pub fn answer(&self, outcome: Result<Value, String>) -> Answer {
        let (status, data, reason) = match outcome {
            Ok(data) => ("SUCCESS", data, None),
            Err(reason) => (
                "FAILED",
                Value::Object(serde_json::Map::new()),
                Some(cut(reason)),
            ),
        };
        Answer {
            status,
            reason,
            physical_resource_id: self
                .physical_resource_id
                .clone()
                .unwrap_or_else(|| RESOURCE_ID.to_owned()),
            stack_id: self.stack_id.clone(),
            request_id: self.id.clone(),
            logical_resource_id: self.logical_resource_id.clone(),
            no_echo: false,
            data,
        }
    }

    /// Sends an answer.
    pub async fn send(&self, answer: &Answer) -> Result<(), Error> {
        let document = serde_json::to_string(answer)
            .map_err(|error| Error::internal("writing the answer to CloudFormation", error))?;
        cloudformation_response::put(&self.response_url, &document).await
    }
}

fn cut(mut reason: String) -> String {
    let end = reason.floor_char_boundary(MAX_REASON_BYTES);
    reason.truncate(end);
    reason
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request() -> Request {
        serde_json::from_value(json!({
            "RequestType": "Create",
            "ResponseURL": "http://127.0.0.1/",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Schema",
            "ResourceType": "Custom::Schema",
        }))
        .unwrap()
    }

    #[test]
    fn an_answer_stays_below_the_limit_whatever_went_wrong() {
        let answer = request().answer(Err("ä\"".repeat(4_000)));
        assert!(serde_json::to_string(&answer).unwrap().len() < 4_096);
    }

    #[test]
    fn a_resource_keeps_the_name_that_it_has() {
        let mut request = request();
        assert_eq!(
            request.answer(Ok(json!({}))).physical_resource_id,
            RESOURCE_ID
        );
        request.physical_resource_id = Some("older".to_owned());
        assert_eq!(request.answer(Ok(json!({}))).physical_resource_id, "older");
    }
}
