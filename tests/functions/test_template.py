"""template.yaml, as SAM's own translator turns it into CloudFormation, for each set of parameters.

Linting reads the template as it is written. Only the translator shows what would be deployed, and it leaves conditions
for CloudFormation to decide; `Deployed` decides them here, so that each set is seen as it would be in the cloud.
"""

import copy
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]
from samcli.yamlhelper import yaml_parse  # type: ignore[import-untyped]
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

from reminders.channels import build_channels, build_recipient_checks
from reminders.settings import Settings

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())

ACCESS = {
    "iam": {},
    "jwt": {"JwtIssuer": "https://login.example.com", "JwtAudience": "reminders"},
}
DATABASE = {
    "url": {"DatabaseUrl": "postgresql://u:p@db.example.com/reminders"},
    "secret": {"DatabaseSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2c3"},
}
NETWORK = {
    "public": {},
    "vpc": {
        "SubnetIds": "subnet-0a1b2c3d4e5f60718,subnet-0a1b2c3d4e5f60719",
        "SecurityGroupIds": "sg-0a1b2c3d4e5f60718",
    },
}
_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret"
SIZE = {
    "small": {},
    "large": {
        "Architecture": "x86_64",
        "MaxWorkers": "4",
        "EmailSender": "reminders@example.com",
        "WebhookEndpoints": json.dumps(
            {"crm": {"url": "https://crm.example.com/hooks", "secrets": [f"{_SECRET}:crm-a1b2c3"]}}
        ),
        "WebhookSecrets": json.dumps([f"{_SECRET}:old-a1b2c3"]),
        "WebhookSecretArns": f"{_SECRET}:crm-a1b2c3,{_SECRET}:old-a1b2c3",
    },
}
SETS = {
    "-".join(names): {name: value for part in parts for name, value in part.items()}
    for names, parts in zip(
        product(ACCESS, DATABASE, NETWORK, SIZE),
        product(ACCESS.values(), DATABASE.values(), NETWORK.values(), SIZE.values()),
        strict=True,
    )
}

# Which parameters, alone or together, and the rule that must refuse them.
WRONG = {
    "DatabaseIsNamed": {},
    "JwtIssuerHasAudience": {"JwtIssuer": "https://login.example.com"},
    "JwtAudienceHasIssuer": {"JwtAudience": "reminders"},
    "SubnetsHaveSecurityGroups": {"SubnetIds": "subnet-0a1b2c3d"},
    "SecurityGroupsHaveSubnets": {"SecurityGroupIds": "sg-0a1b2c3d"},
}

NO_VALUE = object()


class Deployed:
    """The template as CloudFormation would see it with these parameters."""

    def __init__(self, parameters: dict[str, str]) -> None:
        defaults = {name: str(parameter["Default"]) for name, parameter in TEMPLATE["Parameters"].items()}
        self._parameters = defaults | parameters
        translated = translate(parameters)
        self._conditions = translated.pop("Conditions")
        rules = translated.pop("Rules")
        self.broken_rules = [name for name, rule in rules.items() if not self._allows(rule)]
        resources = translated["Resources"]
        kept = {name: r for name, r in resources.items() if self._holds({"Condition": r.pop("Condition", None)})}
        self.template = self._decide(translated | {"Resources": kept})

    def resources(self, kind: str) -> dict[str, Any]:
        """Logical id and properties of each resource of this type."""
        found = self.template["Resources"].items()
        return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}

    def _allows(self, rule: dict[str, Any]) -> bool:
        applies = self._holds(rule.get("RuleCondition", True))
        return not applies or all(self._holds(assertion["Assert"]) for assertion in rule["Assertions"])

    def _holds(self, test: Any) -> bool:
        match test:
            case bool() | {"Condition": None}:
                return test is not False
            case {"Condition": name}:
                return self._holds(self._conditions[name])
            case {"Fn::Equals": [one, other]}:
                return str(self._decide(one)) == str(self._decide(other))
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::And": tests}:
                return all(map(self._holds, tests))
            case {"Fn::Or": tests}:
                return any(map(self._holds, tests))
        raise AssertionError(f"a condition of an unknown form: {test}")

    def _decide(self, node: Any) -> Any:
        match node:
            case {"Fn::If": [name, yes, no]}:
                return self._decide(yes if self._holds({"Condition": name}) else no)
            case {"Ref": "AWS::NoValue"}:
                return NO_VALUE
            case {"Ref": name} if name in self._parameters:
                return self._parameters[name]
            case dict():
                decided = {key: self._decide(value) for key, value in node.items()}
                return {key: value for key, value in decided.items() if value is not NO_VALUE}
            case list():
                return [value for value in map(self._decide, node) if value is not NO_VALUE]
        return node


def translate(parameters: dict[str, str]) -> dict[str, Any]:
    """What the SAM transform makes of the template; the code is named as `sam deploy` does it, after its upload."""
    template = copy.deepcopy(TEMPLATE)
    for resource in template["Resources"].values():
        for code in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][code] = "s3://bucket/key"
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    translated: dict[str, Any] = json.loads(json.dumps(translator.translate(template, dict(parameters))))
    return translated


@pytest.fixture(scope="module", params=list(SETS.values()), ids=list(SETS))
def deployed(request: pytest.FixtureRequest) -> Deployed:
    """The template with each set of parameters."""
    return Deployed(request.param)


def test_the_translated_template_lints(deployed: Deployed) -> None:
    """Each set of parameters is allowed by the template's rules and gives CloudFormation without an error."""
    complaints = lint(json.dumps(deployed.template), None, [REGION], ManualArgs(ignore_checks=["W", "I"]))

    assert deployed.broken_rules == []
    assert [f"{complaint.rule.id} {complaint.message}" for complaint in complaints] == []


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_combination_is_refused_before_anything_is_made(rule: str) -> None:
    """Half a setting breaks the rule that names what is missing."""
    database = {} if rule == "DatabaseIsNamed" else DATABASE["url"]

    assert Deployed(database | WRONG[rule]).broken_rules == [rule]


def test_every_route_is_closed(deployed: Deployed) -> None:
    """No request reaches the function without IAM authorization, or without a JWT where issuer and audience are set."""
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api").values()
    schemes = api["Body"]["components"]["securitySchemes"]
    methods = [method for path in api["Body"]["paths"].values() for method in path.values()]

    assert len(methods) > 0
    assert all(method["security"] == [{name: []}] for method in methods for name in schemes)
    if "Jwt" in schemes:
        authorizer = schemes["Jwt"]["x-amazon-apigateway-authorizer"]
        assert authorizer["type"] == "jwt"
        assert authorizer["jwtConfiguration"] == {"issuer": "https://login.example.com", "audience": ["reminders"]}
    else:
        assert schemes["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_a_jwt_is_asked_for_only_where_it_is_configured() -> None:
    """The issuer and the audience choose the JWT; without them it is IAM."""
    assert schemes_with(ACCESS["jwt"]) == {"Jwt"}
    assert schemes_with(ACCESS["iam"]) == {"AWS_IAM"}


def schemes_with(access: dict[str, str]) -> set[str]:
    (api,) = Deployed(DATABASE["url"] | access).resources("AWS::ApiGatewayV2::Api").values()
    return set(api["Body"]["components"]["securitySchemes"])


def test_there_is_no_other_door(deployed: Deployed) -> None:
    """Only the API and the schedule start functions: no function URL, no other API, no permission for anyone else."""
    kinds = {resource["Type"] for resource in deployed.template["Resources"].values()}
    (permission,) = deployed.resources("AWS::Lambda::Permission").values()

    assert not kinds & {"AWS::Lambda::Url", "AWS::ApiGateway::RestApi", "AWS::Events::Rule"}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert {"Ref": "ReminderApi"} in permission["SourceArn"]["Fn::Sub"][1].values()


def test_no_statement_allows_everything(deployed: Deployed) -> None:
    """No action and no resource of a policy has a wildcard."""
    statements = list(statements_in(deployed.template["Resources"]))

    assert len(statements) >= 8
    for statement in statements:
        assert "*" not in json.dumps([statement["Action"], statement.get("Resource")]), statement


def statements_in(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict) and "Effect" in node:
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from statements_in(child)


def test_a_tick_is_never_retried(deployed: Deployed) -> None:
    """Neither the schedule nor Lambda repeats an event or keeps one longer than a minute; what fails is kept to see."""
    (schedule,) = deployed.resources("AWS::Scheduler::Schedule").values()
    (invocation,) = deployed.resources("AWS::Lambda::EventInvokeConfig").values()
    dead_letters = {"Fn::GetAtt": ["DeadLetters", "Arn"]}

    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    assert schedule["Target"]["DeadLetterConfig"]["Arn"] == dead_letters
    assert (invocation["MaximumRetryAttempts"], invocation["MaximumEventAgeInSeconds"]) == (0, 60)
    assert invocation["DestinationConfig"]["OnFailure"]["Destination"] == dead_letters


def test_two_stages_share_an_account(deployed: Deployed) -> None:
    """Every name that is given is the stack's own, so that a second stack does not collide with the first."""
    names = {
        (name, key): value
        for name, resource in deployed.template["Resources"].items()
        for key, value in resource["Properties"].items()
        if key in {"Name", "FunctionName", "LogGroupName", "LayerName", "QueueName", "RoleName"}
        and not (isinstance(value, dict) and "Ref" in value)
    }

    assert len(names) == 7
    assert all("${AWS::StackName}" in value["Fn::Sub"] for value in names.values())


def test_the_scheduler_may_start_only_itself() -> None:
    """More workers are the same function again, by an ARN that names it; without workers there is no such right."""
    large, small = Deployed(DATABASE["url"] | SIZE["large"]), Deployed(DATABASE["url"])
    name = large.resources("AWS::Lambda::Function")["SchedulerFunction"]["FunctionName"]["Fn::Sub"]
    (statement,) = invocations_by_scheduler(large)

    assert statement["Resource"]["Fn::Sub"].endswith(f":function:{name}")
    assert invocations_by_scheduler(small) == []


def test_only_the_scheduler_reads_webhook_secrets() -> None:
    """It may read those that are named for it; where none are, nobody may read any."""
    policies = Deployed(DATABASE["url"] | SIZE["large"]).resources("AWS::IAM::Policy")
    (statement,) = statements_in(policies["WebhookSecretPolicy"])

    assert policies["WebhookSecretPolicy"]["Roles"] == [{"Ref": "SchedulerRole"}]
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    assert statement["Resource"] == {"Fn::Split": [",", SIZE["large"]["WebhookSecretArns"]]}
    assert "WebhookSecretPolicy" not in Deployed(DATABASE["url"]).resources("AWS::IAM::Policy")


def test_only_the_scheduler_has_what_urls_are_signed_with() -> None:
    """The API learns that there is something, and starts with what it is given; without a secret there is nothing to
    learn."""
    secrets = json.dumps(["whsec_" + "Zmlyc3Qg" * 4])
    variables = webhook_secrets(Deployed(DATABASE["url"] | {"WebhookSecrets": secrets}))

    assert variables.pop("SchedulerFunction") == secrets
    assert set(variables.values()) == {"elsewhere"}
    build_recipient_checks({"WEBHOOK_SECRETS": "elsewhere"})["webhook"]("https://hooks.example.com/")
    assert set(webhook_secrets(Deployed(DATABASE["url"])).values()) == {""}


def webhook_secrets(deployed: Deployed) -> dict[str, str]:
    functions = deployed.resources("AWS::Lambda::Function")
    return {name: function["Environment"]["Variables"]["WEBHOOK_SECRETS"] for name, function in functions.items()}


def invocations_by_scheduler(deployed: Deployed) -> list[dict[str, Any]]:
    role = deployed.resources("AWS::IAM::Role")["SchedulerRole"]
    return [statement for statement in statements_in(role) if statement["Action"] == "lambda:InvokeFunction"]


def test_every_function_logs_json_that_is_deleted_in_time(deployed: Deployed) -> None:
    """Each function writes JSON to a log group of its own that has a retention."""
    groups = deployed.resources("AWS::Logs::LogGroup")
    functions = deployed.resources("AWS::Lambda::Function")

    assert {function["LoggingConfig"]["LogFormat"] for function in functions.values()} == {"JSON"}
    assert {function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values()} == set(groups)
    assert all(group["RetentionInDays"] for group in groups.values())


def test_functions_and_layer_are_for_one_processor() -> None:
    """The parameter moves them all: a layer with the other processor's wheels would not import."""
    for architecture in ("arm64", "x86_64"):
        deployed = Deployed(DATABASE["url"] | {"Architecture": architecture})
        layer = deployed.resources("AWS::Lambda::LayerVersion").values()
        functions = deployed.resources("AWS::Lambda::Function").values()

        assert {name for one in layer for name in one["CompatibleArchitectures"]} == {architecture}
        assert {name for one in functions for name in one["Architectures"]} == {architecture}


def test_every_setting_is_one_that_the_code_reads() -> None:
    """The functions' variables are the settings of the engine and of its channels, each by its name: a misspelt one
    would be ignored."""
    functions = Deployed(DATABASE["url"]).resources("AWS::Lambda::Function").values()
    environment = Noting()
    Settings.from_environment(environment)
    build_channels(environment)

    for function in functions:
        names = {name for name in function["Environment"]["Variables"] if not name.startswith("POWERTOOLS_")}
        assert names == environment.asked_for - {"SSL_CERT_FILE"}  # OpenSSL's own, which is only looked at


class Noting(dict[str, str]):
    """An empty environment that notes which variables are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for: set[str] = set()

    def get(self, name: str, *_: Any) -> Any:
        self.asked_for.add(name)
        return None
