use serde_json::{Value, json};

use super::*;

const SECRET: &str = "0123456789abcdef0123456789ABCDEF";
const NOW: i64 = 1_700_000_000;

fn signer(clock: &Clock) -> Signer {
    Signer::new(&SECRET.into(), "galaxy", "galaxy-api", clock.clone())
}

fn clock() -> Clock {
    Clock::fixed(Timestamp::from_millis(NOW * 1000))
}

fn bearer() -> Bearer {
    let authenticated_at = Timestamp::from_millis((NOW - 60) * 1000);
    Bearer { person: PersonId::fresh(), session: SessionId::fresh(), authenticated_at }
}

/// The claims of a good token.
fn claims() -> Value {
    json!({
        "iss": "galaxy", "aud": "galaxy-api", "sub": PersonId::fresh(), "sid": SessionId::fresh(),
        "jti": Uuid::now_v7(), "iat": NOW, "exp": NOW + 900,
    })
}

fn header() -> Header {
    Header { typ: Some(KIND.to_owned()), ..Header::new(Algorithm::HS256) }
}

/// A token with this header and these claims, signed with HMAC under `secret` whatever the header
/// says.
fn forge(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_secret(secret);
    let seal = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{seal}")
}

#[test]
fn a_token_speaks_for_its_person_until_it_is_too_old() {
    let clock = clock();
    let (signer, bearer) = (signer(&clock), bearer());
    let token = signer.sign(bearer).unwrap();
    assert_eq!(signer.read(token.expose_secret()), Some(bearer));
    clock.advance(LIFE + LEEWAY - Duration::from_secs(1));
    assert_eq!(signer.read(token.expose_secret()), Some(bearer));
    clock.advance(Duration::from_secs(1));
    assert_eq!(signer.read(token.expose_secret()), None);
}

#[test]
fn the_right_key_does_not_excuse_wrong_claims() {
    let signer = signer(&clock());
    let changes = [
        ("iss", json!("elsewhere")),
        ("iss", json!(["galaxy"])),
        ("iss", Value::Null),
        ("aud", json!("another-api")),
        ("aud", json!(["galaxy-api"])),
        ("aud", Value::Null),
        ("sub", json!("ana")),
        ("sub", Value::Null),
        ("sid", json!("")),
        ("sid", Value::Null),
        ("jti", json!("one")),
        ("exp", json!(NOW - 60)),
        ("exp", json!(NOW + 900 + 61)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(i64::MIN)),
        ("exp", json!("1800000000")),
        ("exp", Value::Null),
        ("nbf", json!(NOW + 61)),
        ("nbf", json!("soon")),
    ];
    let good = forge(&json!({"typ": KIND, "alg": "HS256"}), &claims(), SECRET.as_bytes());
    assert!(signer.read(&good).is_some());
    for (name, value) in changes {
        let mut claims = claims();
        claims[name] = value;
        let token = forge(&json!({"typ": KIND, "alg": "HS256"}), &claims, SECRET.as_bytes());
        assert_eq!(signer.read(&token), None, "{claims}");
        claims.as_object_mut().unwrap().remove(name);
        let token = forge(&json!({"typ": KIND, "alg": "HS256"}), &claims, SECRET.as_bytes());
        assert_eq!(signer.read(&token).is_some(), name == "nbf", "{claims}");
    }
}

#[test]
fn only_one_algorithm_one_type_and_one_key_exist() {
    let signer = signer(&clock());
    let kinds = ["JWT", "at+JWT ", "rt+jwt", ""];
    let algorithms = [
        "none", "None", "NONE", "", "hs256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
        "ES256", "ES384", "EdDSA",
    ];
    for kind in kinds {
        let header = json!({"typ": kind, "alg": "HS256"});
        assert_eq!(signer.read(&forge(&header, &claims(), SECRET.as_bytes())), None, "{header}");
    }
    for algorithm in algorithms {
        let header = json!({"typ": KIND, "alg": algorithm});
        let token = forge(&header, &claims(), SECRET.as_bytes());
        assert_eq!(signer.read(&token), None, "{header}");
        let unsigned = token.rsplit_once('.').unwrap().0;
        assert_eq!(signer.read(&format!("{unsigned}.")), None, "{header}");
        assert_eq!(signer.read(unsigned), None, "{header}");
    }
    for secret in ["", "another secret of thirty-two bytes!"] {
        let token = jsonwebtoken::encode(
            &header(),
            &claims(),
            &EncodingKey::from_secret(secret.as_bytes()),
        );
        assert_eq!(signer.read(&token.unwrap()), None);
    }
}

#[test]
fn keys_named_in_the_header_are_not_looked_at() {
    let signer = signer(&clock());
    let key = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("attacker"), "alg": "HS256"});
    let headers = [
        json!({"typ": KIND, "alg": "HS256", "jwk": key}),
        json!({"typ": KIND, "alg": "HS256", "kid": "../../dev/null"}),
        json!({"typ": KIND, "alg": "HS256", "jku": "https://attacker.example/keys"}),
        json!({"typ": KIND, "alg": "HS256", "x5u": "https://attacker.example/certificate"}),
    ];
    for header in headers {
        assert_eq!(signer.read(&forge(&header, &claims(), b"attacker")), None, "{header}");
        assert_eq!(signer.read(&forge(&header, &claims(), b"")), None, "{header}");
        assert!(signer.read(&forge(&header, &claims(), SECRET.as_bytes())).is_some(), "{header}");
    }
    let critical = json!({"typ": KIND, "alg": "HS256", "crit": ["exp"]});
    assert_eq!(signer.read(&forge(&critical, &claims(), SECRET.as_bytes())), None);
}

#[test]
fn no_part_of_a_token_can_be_left_out_or_changed() {
    let signer = signer(&clock());
    let token = signer.sign(bearer()).unwrap().expose_secret().to_owned();
    for length in 0..token.len() {
        assert_eq!(signer.read(&token[..length]), None, "cut at {length}");
    }
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(signer.read(&changed), None, "changed at {at}");
    }
    for odd in [format!("{token}."), format!(".{token}"), format!(" {token}"), "é.é.é".to_owned()]
    {
        assert_eq!(signer.read(&odd), None, "{odd}");
    }
}

#[test]
fn a_seal_depends_on_the_secret_and_on_every_byte() {
    let (signer, other) = (
        signer(&clock()),
        Signer::new(&"another secret of thirty-two bytes!".into(), "galaxy", "galaxy-api", clock()),
    );
    assert_eq!(signer.seal(b"one"), signer.seal(b"one"));
    assert_ne!(signer.seal(b"one"), signer.seal(b"two"));
    assert_ne!(signer.seal(b"one"), other.seal(b"one"));
}
