"""Another library's view of our tokens: proves one by our JWK set, or makes one.

usage: pyjwt.py prove JWKS_FILE TOKEN       prints the claims
       pyjwt.py make KEY_PEM KID TYP CLAIMS prints a token
"""

import json
import sys
import time

import jwt


def prove(jwks_file, token):
    with open(jwks_file) as file:
        keys = {key["kid"]: key for key in json.load(file)["keys"]}
    key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]]).key
    return json.dumps(jwt.decode(token, key, algorithms=["EdDSA"], audience="cartwise"))


def make(key_pem, kid, typ, claims):
    with open(key_pem) as file:
        key = file.read()
    now = int(time.time())
    claims = {**json.loads(claims), "iat": now, "exp": now + 60}
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid, "typ": typ})


print({"prove": prove, "make": make}[sys.argv[1]](*sys.argv[2:]))
