use std::time::Duration;

use serde_json::json;

use super::*;

/// Status, body, and the code it is sorted under.
const TABLE: &[(u16, &str, &str)] = &[
    // OpenAI
    (
        401,
        r#"{"error":{"message":"Incorrect API key provided: sk-x.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
        "model_unauthorized",
    ),
    (
        429,
        r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        "model_quota",
    ),
    (
        429,
        r#"{"error":{"message":"Rate limit reached for gpt-5 on tokens per min (TPM): Limit 30000","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
        "model_rate_limited",
    ),
    (
        400,
        r#"{"error":{"message":"This model's maximum context length is 128000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        "model_too_long",
    ),
    (
        404,
        r#"{"error":{"message":"The model `gpt-9` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
        "model_unknown",
    ),
    (
        404,
        r#"{"error":{"message":"Invalid URL (POST /v1/foo)","type":"invalid_request_error","param":null,"code":null}}"#,
        "model_rejected",
    ),
    (
        400,
        r#"{"error":{"message":"Invalid schema for function 'x'","type":"invalid_request_error","param":"tools[0]","code":"invalid_function_parameters"}}"#,
        "model_rejected",
    ),
    (
        500,
        r#"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#,
        "model_unavailable",
    ),
    // Anthropic
    (
        401,
        r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_1"}"#,
        "model_unauthorized",
    ),
    (
        403,
        r#"{"type":"error","error":{"type":"permission_error","message":"no access"}}"#,
        "model_unauthorized",
    ),
    (
        404,
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}"#,
        "model_unknown",
    ),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#,
        "model_quota",
    ),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 200001 tokens > 200000 maximum"}}"#,
        "model_too_long",
    ),
    (
        413,
        r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
        "model_too_long",
    ),
    (
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed the rate limit"}}"#,
        "model_rate_limited",
    ),
    (
        529,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        "model_unavailable",
    ),
    // Gemini
    (
        400,
        r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#,
        "model_unauthorized",
    ),
    (
        404,
        r#"{"error":{"code":404,"message":"models/gemini-9 is not found for API version v1beta","status":"NOT_FOUND"}}"#,
        "model_unknown",
    ),
    (
        400,
        r#"[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]"#,
        "model_too_long",
    ),
    (
        429,
        r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}"#,
        "model_rate_limited",
    ),
    (
        429,
        r#"{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"34s"}]}}"#,
        "model_quota",
    ),
    (
        503,
        r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
        "model_unavailable",
    ),
    // Ollama
    (404, r#"{"error":"model \"nope\" not found, try pulling it first"}"#, "model_unknown"),
    (400, r#"{"error":"registry.ollama.ai/library/x does not support tools"}"#, "model_rejected"),
    (500, r#"{"error":"model runner has unexpectedly stopped"}"#, "model_unavailable"),
    // Compatible servers
    (402, r#"{"error":{"message":"Insufficient credits","code":402}}"#, "model_quota"),
    (
        402,
        r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}"#,
        "model_quota",
    ),
    (
        400,
        r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}"#,
        "model_unknown",
    ),
    (400, r#"{"error":{"message":"x/y is not a valid model ID","code":400}}"#, "model_unknown"),
    (
        400,
        r#"{"object":"error","message":"This model's maximum context length is 4096 tokens","type":"BadRequestError","code":400}"#,
        "model_too_long",
    ),
    (
        400,
        r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
        "model_too_long",
    ),
    (422, r#"{"detail":"temperature must be a number"}"#, "model_rejected"),
    // No JSON
    (502, "<html><title>502 Bad Gateway</title></html>", "model_unavailable"),
    (404, "<html>nothing here</html>", "model_rejected"),
    (404, "404 page not found", "model_rejected"),
    (408, "", "model_timed_out"),
    (301, "", "model_rejected"),
    (429, "", "model_rate_limited"),
    (401, "", "model_unauthorized"),
];

fn sorted(status: u16, headers: &[(&'static str, &str)], body: &str) -> ModelError {
    let headers =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    // 2026-01-01T00:00:00Z
    let now = Timestamp::from_millis(1_767_225_600_000);
    from_response(StatusCode::from_u16(status).unwrap(), &headers.collect(), body, now)
}

#[test]
fn providers_words_are_sorted_by_what_a_person_can_do() {
    for (status, body, code) in TABLE {
        let err = sorted(*status, &[], body);
        assert_eq!(err.code(), *code, "{status} {body}: {err:?}");
        assert!(err.detail().is_some(), "{status} {body} says something");
    }
}

#[test]
fn the_time_to_come_back_is_read_in_every_spelling() {
    let after = |headers: &[(&'static str, &str)]| sorted(429, headers, "").retry_after();
    assert_eq!(after(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
    assert_eq!(after(&[("retry-after", " 0.5 ")]), Some(Duration::from_millis(500)));
    assert_eq!(
        after(&[("retry-after-ms", "1500"), ("retry-after", "2")]),
        Some(Duration::from_millis(1500))
    );
    assert_eq!(
        after(&[("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT")]),
        Some(Duration::from_secs(30))
    );
    let clocks = [
        ("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT"),
        ("date", "Thu, 01 Jan 2026 00:00:20 GMT"),
    ];
    assert_eq!(after(&clocks), Some(Duration::from_secs(10)));
    assert_eq!(after(&[("retry-after", "Thu, 01 Jan 2015 00:00:00 GMT")]), Some(Duration::ZERO));
    assert_eq!(after(&[("retry-after", "1e300")]), Some(Duration::from_secs(86_400)));
    for nonsense in ["-1", "NaN", "soon", ""] {
        assert_eq!(after(&[("retry-after", nonsense)]), None, "{nonsense}");
    }
    let body = r#"{"error":{"code":429,"message":"slow down","details":[{"retryDelay":"2.5s"}]}}"#;
    assert_eq!(sorted(429, &[], body).retry_after(), Some(Duration::from_millis(2500)));
    assert_eq!(
        sorted(503, &[("retry-after", "3")], "").retry_after(),
        Some(Duration::from_secs(3))
    );
}

#[test]
fn words_are_bounded_and_on_one_line() {
    let body = json!({"error": {"message": format!("a\n{}z", "x".repeat(9000))}}).to_string();
    let err = sorted(400, &[], &body);
    let words = err.detail().unwrap();
    assert!(words.len() < 540 && !words.contains('\n') && words.ends_with('z'), "{words}");
}

#[test]
fn an_error_inside_a_stream_is_sorted_like_one_before_it() {
    let table = [
        (json!({"type": "overloaded_error", "message": "Overloaded"}), "model_unavailable"),
        (json!({"type": "rate_limit_error", "message": "slow"}), "model_rate_limited"),
        (json!({"error": {"code": 429, "message": "slow"}}), "model_rate_limited"),
        (json!({"error": {"code": "502", "message": "upstream"}}), "model_unavailable"),
        (json!({"code": "context_length_exceeded", "message": "…"}), "model_too_long"),
        (json!({"error": "unexpected end"}), "model_unavailable"),
        (json!({"error": {"code": 400, "message": "bad"}}), "model_rejected"),
        (json!({}), "model_unavailable"),
    ];
    for (value, code) in table {
        assert_eq!(from_value(&value).code(), code, "{value}");
    }
}
