"""Deploys the templates into moto, as far as moto knows their resources, and says how far that is.

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
        if resource_class_from_type(kind) is None:
            skipped[kind] += 1
            del template["Resources"][logical_id]
            stand_ins[logical_id] = f"arn:aws:stand-in:{REGION}:123456789012:{logical_id}"
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


def deploy(name, parameters, unmet):
    created, skipped = Counter(), Counter()

    def note(result):
        created.update(result[1])
        skipped.update(result[2])
        return result[0]

    root = transformed(parameters)
    known = {f"Schema.{key}": value for key, value in SCHEMA.items()}
    declared = {key: p.get("Default") for key, p in root["Parameters"].items()} | parameters
    if parameters.get("Database") == "new":
        nested = root["Resources"]["NewDatabaseStack"]["Properties"]["Parameters"]
        given = {key: declared[value["Ref"]] for key, value in nested.items()}
        outputs = note(create(f"{name}-database", read("templates/database.yaml"), given, unmet))
        for key in read("templates/database.yaml")["Outputs"]:
            known[f"NewDatabaseStack.Outputs.{key}"] = outputs.get(key, f"{key}-not-simulated")
    if parameters.get("Cache") == "new":
        given = {
            "AppName": "rollcall", "KeyPrefix": name, "VpcId": known["NewDatabaseStack.Outputs.VpcId"],
            "SubnetIds": known["NewDatabaseStack.Outputs.SubnetIds"],
            "FunctionsSecurityGroup": known["NewDatabaseStack.Outputs.SecurityGroupIds"],
            "MaxGigabytes": 1,
        }
        outputs = note(create(f"{name}-cache", read("templates/cache.yaml"), given, unmet))
        for key in read("templates/cache.yaml")["Outputs"]:
            known[f"NewCacheStack.Outputs.{key}"] = outputs.get(key, f"{key}-not-simulated")
    alarms = root["Resources"]["Alarms"]["Properties"]["Parameters"]
    for key in read("templates/alarms.yaml")["Outputs"]:
        known[f"Alarms.Outputs.{key}"] = f"{key}-of-the-nested-stack"
    stand_in = copy.deepcopy(root)
    # The next are played by this script: the custom resource, and the nested stacks.
    for played in ("Schema", "Alarms", "NewDatabaseStack", "NewCacheStack"):
        del stand_in["Resources"][played]
    for resource in stand_in["Resources"].values():
        if resource.get("DependsOn") == "Schema":
            del resource["DependsOn"]
    stand_in = substitute(stand_in, known)
    stand_in.pop("Rules", None)
    note(create(name, stand_in, parameters, unmet))
    given = {key: "x" for key in alarms} | {
        "PoolSize": 1, "ConnectionLimit": 87, "LatencyMilliseconds": 1000,
        "AlarmEmail": "ops@example.com",
        "Cache": parameters.get("Cache", "none"),
        "ClusterId": "cluster" if parameters.get("Database") == "new" else "",
    }
    note(create(f"{name}-alarms", read("templates/alarms.yaml"), given, unmet))
    return created, skipped


# What is deployed, and the conditions that it does not meet.
SCENARIOS = {
    "existing": (
        {"DatabaseSecretArn": SECRET, "SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"},
        {"HasDomain", "HasZone", "NewDatabase", "HasCluster", "NewCache", "HasCache"},
    ),
    "new": (
        {"Database": "new", "DatabaseInstances": 2, "Cache": "new"},
        {"HasDomain", "HasZone"},
    ),
}


def main():
    logging.disable(logging.WARNING)
    default_user_config["lambda"] = {"use_docker": False}
    for name, (parameters, unmet) in SCENARIOS.items():
        with mock_aws():
            boto3.client("s3", REGION).create_bucket(
                Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            boto3.client("s3", REGION).put_object(Bucket="artifacts", Key="code.zip", Body=b"zip")
            created, skipped = deploy(f"rollcall-{name}", parameters, unmet)
        print(f"Database={name}: {created.total()} resources of {len(created)} types created,")
        for kind, count in sorted(created.items()):
            print(f"    {count:>3} x {kind}")
        print(f"  {skipped.total()} skipped, because moto does not know them, and not proved here:")
        for kind, count in sorted(skipped.items()):
            print(f"    {count:>3} x {kind}")
    print("Played by the script: Custom::Schema, and AWS::CloudFormation::Stack (created on its own).")


if __name__ == "__main__":
    main()
