"""Calls the service by boto3 as a user would, and prints one JSON line for each call: what came, or the error."""
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

url = sys.argv[1]
config = Config(retries={"max_attempts": 1}, read_timeout=20)
credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


def client(service):
    return boto3.client(service, endpoint_url=url, config=config, **credentials)


def tell(name, call, pick=lambda answer: None):
    try:
        print(json.dumps([name, "ok", pick(call())], default=str), flush=True)
    except ClientError as error:
        has_id = len(error.response["ResponseMetadata"].get("RequestId", "")) == 36
        print(json.dumps([name, error.response["Error"]["Code"], has_id]), flush=True)


control = client("kinesisvideo")
media = client("kinesis-video-media")
archive = client("kinesis-video-archived-media")
earliest = {"StartSelectorType": "EARLIEST"}
always = {"StartTimestamp": 1, "EndTimestamp": 4000000000}


def fragments(selector_type="SERVER_TIMESTAMP"):
    selector = {"FragmentSelectorType": selector_type, "TimestampRange": always}
    pages = archive.get_paginator("list_fragments").paginate(StreamName="door", FragmentSelector=selector)
    return [fragment["FragmentNumber"] for page in pages for fragment in page["Fragments"]]


def version(name):
    return control.describe_stream(StreamName=name)["StreamInfo"]["Version"]


tell("CreateStream", lambda: control.create_stream(StreamName="porch", DataRetentionInHours=2), lambda a: "StreamARN" in a)
tell("CreateStream again", lambda: control.create_stream(StreamName="porch"))
tell("DescribeStream", lambda: control.describe_stream(StreamName="porch"), lambda a: a["StreamInfo"]["DataRetentionInHours"])
tell("DescribeStream of none", lambda: control.describe_stream(StreamName="attic"))
tell("ListStreams", lambda: control.list_streams(), lambda a: sorted(s["StreamName"] for s in a["StreamInfoList"]))
tell("UpdateStream", lambda: control.update_stream(StreamName="porch", CurrentVersion=version("porch"), MediaType="video/h265"))
tell("UpdateStream of an old version", lambda: control.update_stream(StreamName="porch", CurrentVersion="old"))
tell(
    "UpdateDataRetention",
    lambda: control.update_data_retention(
        StreamName="porch", CurrentVersion=version("porch"), Operation="INCREASE_DATA_RETENTION", DataRetentionChangeInHours=3
    ),
)
tell("TagStream", lambda: control.tag_stream(StreamName="porch", Tags={"room": "hall"}))
tell("ListTagsForStream", lambda: control.list_tags_for_stream(StreamName="porch"), lambda a: a["Tags"])
tell("UntagStream", lambda: control.untag_stream(StreamName="porch", TagKeyList=["room"]))
tell("GetDataEndpoint", lambda: control.get_data_endpoint(StreamName="door", APIName="GET_MEDIA"), lambda a: a["DataEndpoint"] == url)
tell("GetDataEndpoint of a wrong name", lambda: control.get_data_endpoint(StreamName="a/b", APIName="GET_MEDIA"))
tell("GetMedia", lambda: media.get_media(StreamName="door", StartSelector=earliest), lambda a: len(a["Payload"].read()) > 1000)
tell("GetMedia of none", lambda: media.get_media(StreamName="attic", StartSelector=earliest))
tell("GetMedia of a wrong start", lambda: media.get_media(StreamName="door", StartSelector={"StartSelectorType": "BOGUS"}))
tell("ListFragments", lambda: fragments(), len)
tell(
    "GetMediaForFragmentList",
    lambda: archive.get_media_for_fragment_list(StreamName="door", Fragments=fragments("PRODUCER_TIMESTAMP")),
    lambda a: len(a["Payload"].read()) > 1000,
)
tell("GetMediaForFragmentList of no number", lambda: archive.get_media_for_fragment_list(StreamName="door", Fragments=["x"]))
arn = control.describe_stream(StreamName="porch")["StreamInfo"]["StreamARN"]
tell("DeleteStream", lambda: control.delete_stream(StreamARN=arn))
tell("DeleteStream again", lambda: control.delete_stream(StreamARN=arn))
