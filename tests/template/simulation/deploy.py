"""Deploys what operators are most likely to deploy into moto, as far as moto knows the resources, and says how far
that is. Before that, each is held to the rules, its references to what is there, and all of them to each other.

Run by `cargo verify --only simulation`, with the folder of moto's packages. The transform is SAM's own. Nested stacks are created on their
own, because their templates would have to be in a bucket, and the custom resource is answered here:
tests/api runs the real one.
"""

import copy
import json
import logging
import os
import re
import sys
from collections import Counter
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

sys.path.append(sys.argv[1])  # moto's packages, after SAM's.
os.environ.update(
    AWS_DEFAULT_REGION="eu-central-1", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test"
)



class Absent(Loader, MetaPathFinder):
    """moto's CloudFormation loads all services; what others of them need is not used, nor fetched."""

    PACKAGES = {"antlr4", "graphql", "joserfc", "multipart", "openapi_spec_validator", "py_partiql_parser"}

    def find_spec(self, name, path, target=None):
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] in self.PACKAGES else None

    def create_module(self, spec):
        module = ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = lambda attribute: type(attribute, (Exception,), {})
        return module

    def exec_module(self, module):
        pass


sys.meta_path.append(Absent())

import boto3
from moto import mock_aws
from moto.cloudformation.parsing import resource_class_from_type
from moto.core.config import default_user_config
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

REGION = "eu-central-1"
ROOT = Path(__file__).parents[3]
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database-AbCdEf"
# moto finds no method in an API whose paths take any, and deploys none without.
UNREAD = {"AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage"}
SCHEMA = {"Configuration": "0123456789abcdef", "SchemaVersion": "1", "Connections": "42", "ConnectionLimit": "87"}


class Policies:
    """SAM asks for the ARNs of managed policies; the template names none."""

    def load(self):
        return {}


def read(path):
    return yaml_parse((ROOT / path).read_text())


def transformed(parameters):
    template = read("template.yaml")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/code.zip"
    values = {name: p.get("Default") for name, p in template["Parameters"].items()} | parameters
    return transform(template, values, Policies())


def substituted_name(match, known):
    name = match.group(1)
    answer = known.get(name, known.get(name.split(".")[0]))
    return answer if isinstance(answer, str) else match.group(0)


def substitute(value, known):
    """Puts in what nested stacks and the custom resource would have answered."""
    if isinstance(value, dict):
        # What moto cannot compute.
        if "Fn::Cidr" in value:
            return ["10.0.0.0/22", "10.0.4.0/22"]
        if "Fn::GetAZs" in value:
            return [f"{REGION}a", f"{REGION}b"]
        if "Ref" in value and value["Ref"] in known:
            return known[value["Ref"]]
        if "Fn::GetAtt" in value:
            name = value["Fn::GetAtt"]
            name = name if isinstance(name, str) else ".".join(name)
            resource = name.split(".")[0]
            if name in known or resource in known:
                return known.get(name, known.get(resource))
        if "Fn::Sub" in value:
            text, *names = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else [value["Fn::Sub"]]
            names = [substitute(item, known) for item in names]
            text = re.sub(r"\$\{([^}]+)\}", lambda match: substituted_name(match, known), text)
            return {"Fn::Sub": [text, *names] if names else text}
        return {key: substitute(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, known) for item in value]
    return value


def create(name, template, parameters, unmet):
    """Creates a stack and returns its outputs, and the types that were created and skipped."""
    template = copy.deepcopy(template)
    created, skipped, stand_ins, wanted = Counter(), Counter(), {}, set()
    for logical_id, resource in list(template["Resources"].items()):
        kind = resource["Type"]
        if resource.get("Condition") in unmet:
            continue
        if kind in UNREAD or resource_class_from_type(kind) is None:
            skipped[kind] += 1
            del template["Resources"][logical_id]
            stand_ins[logical_id] = f"arn:aws:stand-in:{REGION}:123456789012:type:{logical_id}"
            if kind == "AWS::Lambda::Alias":
                function = resource["Properties"]["FunctionName"]["Ref"]
                stand_ins[logical_id] = {"Fn::GetAtt": [function, "Arn"]}
        else:
            if kind == "AWS::RDS::DBInstance":
                # moto wants what Aurora takes from the cluster.
                resource["Properties"]["EngineVersion"] = "17.9"
            created[kind] += 1
            wanted.add(logical_id)
    template = substitute(template, stand_ins)
    cloudformation = boto3.client("cloudformation", REGION)
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": str(value)} for key, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    made = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    names = {resource.get("LogicalResourceId") for resource in made}
    missing = wanted - names
    assert not missing, f"{name}: moto did not make {missing}"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
    return outputs, created, skipped


def parameters_of(stack, declared, known):
    """What a nested stack is given, with what other stacks have answered."""
    given = {}
    for key, value in stack["Properties"]["Parameters"].items():
        value = resolve(value, declared, stack["Conditions"])
        if isinstance(value, dict) and "Fn::GetAtt" in value:
            name = value["Fn::GetAtt"]
            value = known.get(name if isinstance(name, str) else ".".join(name), f"{key}-not-simulated")
        elif isinstance(value, dict):
            value = value["Ref"]
        given[key] = value
    return given


NO_VALUE = {"Ref": "AWS::NoValue"}


def resolve(value, parameters, conditions):
    """The value for these parameters: without conditions, and with references to resources alone."""

    def of(item):
        return resolve(item, parameters, conditions)

    if isinstance(value, list):
        return [item for item in map(of, value) if item != NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, argument), = value.items()
        match name:
            case "Ref" if argument in parameters:
                return parameters[argument]
            case "Condition" if isinstance(argument, str):
                return of(conditions[argument])
            case "Fn::If":
                return of(argument[1] if of(conditions[argument[0]]) else argument[2])
            case "Fn::Equals":
                left, right = map(of, argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not of(argument[0])
            case "Fn::And":
                return all(map(of, argument))
            case "Fn::Or":
                return any(map(of, argument))
            case "Fn::EachMemberEquals":
                return all(item == argument[1] for item in of(argument[0]).split(","))
            case "Fn::Join" if isinstance(of(argument[1]), (str, list)):
                items = of(argument[1])
                items = items.split(",") if isinstance(items, str) else items
                if all(not isinstance(item, dict) for item in items):
                    return argument[0].join(map(str, items))
    return {key: item for key, item in ((key, of(item)) for key, item in value.items()) if item != NO_VALUE}


def references(value):
    """The logical ids that a value refers to."""
    if isinstance(value, list):
        return {name for item in value for name in references(item)}
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, item in value.items():
        if key == "Ref":
            found.add(item)
        elif key == "Fn::GetAtt":
            found.add((item if isinstance(item, str) else item[0]).split(".")[0])
        elif key == "Fn::Sub":
            text, own = (item[0], item[1]) if isinstance(item, list) else (item, {})
            names = re.findall(r"\$\{([^}!]+)\}", text)
            found |= {name.split(".")[0] for name in names if name not in own} | references(own)
        elif key == "DependsOn":
            found |= {item} if isinstance(item, str) else set(item)
        else:
            found |= references(item)
    return found


def plan(root, parameters):
    """The resources and outputs that CloudFormation would make of the parameters. Every rule is kept, and nothing
    refers to what is not there."""
    declared = {key: p.get("Default") for key, p in root["Parameters"].items()}
    unknown = parameters.keys() - declared.keys()
    assert not unknown, f"no parameters of the template: {unknown}"
    declared |= parameters
    conditions = root["Conditions"]
    for name, rule in root["Rules"].items():
        if resolve(rule["RuleCondition"], declared, conditions):
            for assertion in rule["Assertions"]:
                assert resolve(assertion["Assert"], declared, conditions), f"{name}: {assertion}"

    def there(items):
        return {
            key: resolve(item, declared, conditions)
            for key, item in items.items()
            if "Condition" not in item or resolve(conditions[item["Condition"]], declared, conditions)
        }

    resources, outputs = there(root["Resources"]), there(root["Outputs"])
    parts = resources | {f"output {key}": value for key, value in outputs.items()}
    for name, part in parts.items():
        dangling = {item for item in references(part) if "::" not in item} - resources.keys() - declared.keys()
        assert not dangling, f"{name} refers to {dangling}, which is not there"
    return resources


def deploy(name, parameters):
    created, skipped = Counter(), Counter()

    def note(result):
        created.update(result[1])
        skipped.update(result[2])
        return result[0]

    root = transformed(parameters)
    resources = plan(root, parameters)
    declared = {key: p.get("Default") for key, p in root["Parameters"].items()} | parameters
    unmet = {
        key for key, value in root["Conditions"].items()
        if not resolve(value, declared, root["Conditions"])
    }
    known = {f"Schema.{key}": value for key, value in SCHEMA.items()}
    for stack, file in NESTED.items():
        template = read(f"templates/{file}.yaml")
        if stack not in resources:
            continue
        nested = root["Resources"][stack] | {"Conditions": root["Conditions"]}
        given = parameters_of(nested, declared, known)
        if stack == "Alarms":
            continue
        closed = {
            key for key, value in template.get("Conditions", {}).items()
            if not resolve(value, given, template["Conditions"])
        }
        outputs = note(create(f"{name}-{file}", template, given, closed))
        for key in template["Outputs"]:
            known[f"{stack}.Outputs.{key}"] = outputs.get(key, f"{key}-not-simulated")
    for key in read("templates/alarms.yaml")["Outputs"]:
        known[f"Alarms.Outputs.{key}"] = f"{key}-of-the-nested-stack"
    stand_in = copy.deepcopy(root)
    # The next are played by this script: the custom resource, and the nested stacks.
    for played in ("Schema", *NESTED):
        del stand_in["Resources"][played]
    stand_in = substitute(stand_in, known)
    stand_in.pop("Rules", None)
    note(create(name, stand_in, parameters, unmet))
    alarms = read("templates/alarms.yaml")
    given = parameters_of(
        root["Resources"]["Alarms"] | {"Conditions": root["Conditions"]}, declared, known
    ) | {"AlarmEmail": "ops@example.com"}
    closed = {
        key for key, value in alarms["Conditions"].items()
        if not resolve(value, given, alarms["Conditions"])
    }
    note(create(f"{name}-alarms", alarms, given, closed))
    return resources, created, skipped


# In the order in which they are made; the last needs the functions.
NESTED = {
    "NetworkStack": "network", "NewDatabaseStack": "database", "NewCacheStack": "cache", "Alarms": "alarms"
}

EXISTING = {"DatabaseSecretArn": SECRET, "SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"}
DOMAIN = {
    "DomainName": "users.example.com",
    "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
}

# What operators are most likely to deploy.
SCENARIOS = {
    "existing": EXISTING,
    "without-vpc": {"DatabaseSecretArn": SECRET},
    "managed-secret": EXISTING | {
        "DatabaseSecretArn": SECRET.replace("database-", "rds!cluster-"), "DatabaseHost": "proxy.internal",
        "DatabaseMigrationHost": "cluster.internal", "DatabasePort": "5432", "DatabaseName": "accounts",
        "DatabasePooler": "true",
    },
    "existing-iam": EXISTING | {
        "DatabaseIamUser": "app", "DatabaseHost": "cluster.internal", "DatabaseName": "accounts",
        "DatabaseIamResource": "arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-1/app",
        "DatabaseMigrationHost": "cluster.internal",
    },
    "owner-apart": EXISTING | {"MigrateSecretArn": SECRET.replace("database-", "owner-")},
    "customer-key": EXISTING | {
        "KmsKeyArns": "arn:aws:kms:eu-central-1:123456789012:key/1",
        "PermissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
    },
    "existing-and-cache": EXISTING | {
        "Cache": "existing", "CacheUrl": "rediss://cache.internal:6379",
        "CacheSecretArn": SECRET.replace("database-", "cache-"), "RateLimitRequests": 100,
    },
    "gateway-cognito": EXISTING | {
        "AuthMode": "gateway", "JwtAudience": "client",
        "JwtIssuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_1",
        "JwtRequiredClaims": "token_use=id", "JwtSubjectClaim": "email", "JwtSubjectField": "email",
    },
    "domain-alone": EXISTING | DOMAIN | {"ExecuteApiEndpoint": "false", "HostedZoneId": "example.com"},
    "private-alone": EXISTING | {"PrivateApiEndpoints": "vpce-1,vpce-2", "ExecuteApiEndpoint": "false"},
    "new": {"Database": "new"},
    "new-with-all": {
        "Database": "new", "DatabaseInstances": 2, "Cache": "new", "CorsAllowOrigins": "https://app.example.com",
        "AvailabilityZones": "eu-central-1b,eu-central-1c",
    } | DOMAIN,
    "new-asleep": {
        "Database": "new", "DatabaseProxy": "false", "DatabaseMinCapacity": 0, "Probe": "false",
        "Rollout": "AllAtOnce",
    },
    "restored": {
        "Database": "new", "DatabaseGeneration": 2, "RestoreFromCluster": "rollcall-1",
        "RestoreToTime": "2026-11-23T12:00:00Z",
    },
}


def main():
    logging.disable(logging.WARNING)
    default_user_config["lambda"] = {"use_docker": False}
    plans, unknown = {}, set()
    for name, parameters in SCENARIOS.items():
        with mock_aws():
            boto3.client("s3", REGION).create_bucket(
                Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            boto3.client("s3", REGION).put_object(Bucket="artifacts", Key="code.zip", Body=b"zip")
            if "HostedZoneId" in parameters:
                zone = boto3.client("route53").create_hosted_zone(
                    Name=parameters["HostedZoneId"], CallerReference=name
                )
                parameters = parameters | {"HostedZoneId": zone["HostedZone"]["Id"].split("/")[-1]}
            resources, created, skipped = deploy(f"rollcall-{name}", parameters)
        whole = json.dumps(resources, sort_keys=True)
        same = [other for other, planned in plans.items() if planned == whole]
        assert not same, f"{name} and {same} are one and the same deploy"
        plans[name] = whole
        print(f"{name}: {len(resources)} resources planned, {created.total()} of {len(created)} types created,")
        unknown |= skipped.keys()
        print(f"  {skipped.total()} of {len(skipped)} types skipped, because moto does not know them")
    print("Types that moto does not know, and that are not proved here:")
    print("  " + ", ".join(sorted(unknown)))
    print("Played by the script: Custom::Schema, and AWS::CloudFormation::Stack (created on its own).")


if __name__ == "__main__":
    main()
