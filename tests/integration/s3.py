"""An S3 server on this machine, as a fixture that the tests of buckets share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

KEYS_OF_BOTO = {
    "aws_access_key_id": "lake-user",
    "aws_secret_access_key": "canary-lake-secret",
    "region_name": "us-east-1",
}
KEYS = {
    "AWS_ACCESS_KEY_ID": KEYS_OF_BOTO["aws_access_key_id"],
    "AWS_SECRET_ACCESS_KEY": KEYS_OF_BOTO["aws_secret_access_key"],
    "AWS_REGION": KEYS_OF_BOTO["region_name"],
}


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server that has the bucket `lake`; nothing is in it."""
    import boto3
    from moto.server import ThreadedMotoServer

    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=address, **KEYS_OF_BOTO)
    client.create_bucket(Bucket="lake")
    yield address
    served.stop()
