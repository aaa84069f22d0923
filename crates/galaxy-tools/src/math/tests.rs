use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;
use proptest::prelude::*;

use super::{calculate, evaluate, number::Number, work::MAX_BITS};

/// The result without the expression before it.
fn result(expression: &str) -> String {
    let text = calculate(expression, None).unwrap_or_else(|err| panic!("{expression}: {err}"));
    text.strip_prefix(expression).unwrap_or(&text).trim().to_owned()
}

fn check(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(result(expression), *expected, "{expression}");
    }
}

fn fault(expression: &str) -> String {
    calculate(expression, None).err().unwrap_or_else(|| panic!("{expression} has a result"))
}

#[test]
fn arithmetic_is_exact() {
    check(&[
        ("17*23", "= 391"),
        ("0.1 + 0.2", "= 0.3"),
        ("1/3 + 1/6", "= 0.5"),
        ("(1/3) * 3", "= 1"),
        ("2/3", "≈ 0.66666666666666666667"),
        ("2/6", "= 1/3 ≈ 0.33333333333333333333"),
        ("-7/2", "= -3.5"),
        ("1e-3 * 2.5E3", "= 2.5"),
        ("10^20 / 3", "= 100000000000000000000/3 ≈ 33333333333333333333"),
        ("9007199254740993 * 3", "= 27021597764222979"),
        ("2 / 1e30", "= 2e-30"),
    ]);
}

#[test]
fn operators_bind_as_on_paper() {
    check(&[
        ("2+3*4", "= 14"),
        ("-2^2", "= -4"),
        ("2^3^2", "= 512"),
        ("2^-2", "= 0.25"),
        ("2*-3", "= -6"),
        ("--5", "= 5"),
        ("8/2/2", "= 2"),
        ("3!^2", "= 36"),
        ("-3!", "= -6"),
        ("2(3+4)", "= 14"),
        ("(1+2)(3+4)", "= 21"),
        ("5²+2³", "= 33"),
        ("√16 + 1", "= 5"),
        ("3 x 4 ÷ 6", "= 2"),
    ]);
}

#[test]
fn percent_and_remainder_are_told_apart_by_what_follows() {
    check(&[
        ("15% of 80", "= 12"),
        ("50% - 3", "= -2.5"),
        ("200 * 10%", "= 20"),
        ("17 % 5", "= 2"),
        ("-1 mod 7", "= 6"),
        ("mod(7.5, 2)", "= 1.5"),
        ("10 % (2+1)", "= 1"),
    ]);
}

#[test]
fn functions_stay_exact_where_they_can() {
    check(&[
        ("sqrt(16/9)", "= 4/3 ≈ 1.3333333333333333333"),
        ("cbrt(-27)", "= -3"),
        ("root(32, 5)", "= 2"),
        ("(-8)^(2/3)", "= 4"),
        ("8^(-1/3)", "= 0.5"),
        ("sqrt(10^400)/10^200", "= 1"),
        ("log(1000)", "= 3"),
        ("log10(0.001)", "= -3"),
        ("log2(1024)", "= 10"),
        ("log(8, 4)", "= 1.5"),
        ("ln(1)", "= 0"),
        ("exp(0)", "= 1"),
        ("sin(30 deg)", "= 0.5"),
        ("sin(pi/6)", "= 0.5"),
        ("cos(π)", "= -1"),
        ("cos(90°)", "= 0"),
        ("sin(-450°)", "= -1"),
        ("tan(225 degrees)", "= 1"),
        ("degrees(asin(1))", "= 90"),
        ("degrees(acos(-1/2))", "= 120"),
        ("atan(1) * 4 / pi", "= 1"),
        ("pi - pi", "= 0"),
        ("round(2/3, 4)", "= 0.6667"),
        ("round(-2.5)", "= -3"),
        ("round(1234, -2)", "= 1200"),
        ("floor(-1/2)", "= -1"),
        ("ceil(1/2)", "= 1"),
        ("trunc(-7/2)", "= -3"),
        ("abs(-3) + sign(-9)", "= 2"),
        ("min(3, 1/2, 2) + max(1, 5)", "= 5.5"),
        ("sum(1, 2, 3) + product(2, 3)", "= 12"),
        ("mean(1, 2, 4)", "= 7/3 ≈ 2.3333333333333333333"),
        ("gcd(12, 18) + lcm(4, 6)", "= 18"),
        ("choose(49, 6)", "= 13983816"),
        ("factorial(5)", "= 120"),
    ]);
}

#[test]
fn what_is_rounded_says_so() {
    check(&[
        ("sqrt(2)", "≈ 1.4142135623731"),
        ("sqrt(2)^2", "≈ 2"),
        ("pi", "= π ≈ 3.1415926535898"),
        ("2 pi", "= 2 π ≈ 6.2831853071796"),
        ("tau/4", "= 1/2 π ≈ 1.5707963267949"),
        ("e", "≈ 2.718281828459"),
        ("ln(2)", "≈ 0.69314718055995"),
        ("ln(10^5000)", "≈ 11512.92546497"),
        ("sqrt(2 * 10^600)", "≈ 1.4142135623731e300"),
        ("(2 / 10^600)^(-1/3)", "≈ 7.937005259841e199"),
        ("cos(45 deg)", "≈ 0.70710678118655"),
        ("sinh(1)", "≈ 1.1752011936438"),
        ("floor(pi)", "≈ 3"),
        ("1.5^0.5 * 0", "= 0"),
    ]);
}

#[test]
fn so_many_digits_as_asked_for() {
    assert_eq!(calculate("1/3", Some(5)).unwrap(), "1/3 ≈ 0.33333");
    assert_eq!(calculate("2/3", Some(3)).unwrap(), "2/3 ≈ 0.667");
    assert_eq!(calculate("1/8", Some(2)).unwrap(), "1/8 ≈ 0.13");
    assert_eq!(calculate("999.99/1", Some(3)).unwrap(), "999.99/1 = 99999/100 ≈ 1000");
    assert_eq!(calculate("sqrt(2)", Some(4)).unwrap(), "sqrt(2) ≈ 1.414");
    assert_eq!(calculate("1/7", Some(60)).unwrap().len(), "1/7 ≈ 0.".len() + 60);
    assert_eq!(calculate(" 2+2 = ?", None).unwrap(), "2+2 = 4");
    assert!(calculate("100!", None).unwrap().ends_with("(158 digits)"));
    let long = format!("1{}", "+1".repeat(60));
    assert_eq!(calculate(&long, None).unwrap(), "= 61");
}

#[test]
fn faults_say_what_and_where() {
    for (expression, expected) in [
        ("1/0", "division by zero (at character 2)"),
        ("5 mod (2-2)", "division by zero (at character 3)"),
        ("0^-1", "division by zero: zero has no negative power (at character 2)"),
        ("2 +", "the expression ends where a number should be (at character 4)"),
        ("2 3", "an operator is missing here (at character 3)"),
        ("(1+2", "a `)` is missing here (at character 5)"),
        ("1+2)", "there is no `(` for this `)` (at character 4)"),
        ("2 * / 3", "a number is missing here (at character 5)"),
        ("sqrt(-4)", "an even root of a negative number is not real (at character 1)"),
        ("ln(0)", "only positive numbers have a logarithm (at character 1)"),
        ("asin(2)", "only numbers from -1 to 1 are sines and cosines (at character 1)"),
        ("tan(90 deg)", "a right angle has no tangent (at character 1)"),
        ("1.5!", "this works with integers only (at character 4)"),
        ("(-1)!", "a negative number has no factorial (at character 5)"),
        ("root(4)", "`root` takes 2 arguments, not 1 (at character 1)"),
        ("sum()", "`sum` takes at least 1 arguments, not 0 (at character 1)"),
        ("", "the expression is empty"),
    ] {
        assert_eq!(fault(expression), expected, "{expression}");
    }
    assert!(fault("1,000 * 2").contains("1_000"));
    assert!(fault("2 + foo(3)").starts_with("`foo` is unknown; there are pi, e, tau, sqrt"));
}

#[test]
fn work_is_refused_before_it_is_done() {
    for expression in [
        "9^9^9^9",
        "2^33221",
        "10^10000",
        "(1/3)^-100000",
        "1e10001",
        "3001!",
        "3000!!",
        "choose(10^9, 10^8)",
        "3000! * 3000!",
        "exp(1e9)",
        "2^(10^100)",
        "round(1, 1001)",
    ] {
        assert!(!fault(expression).is_empty(), "{expression}");
    }
    assert!(fault(&"1".repeat(2_001)).contains("2000 characters"));
    assert!(fault(&format!("{}1{}", "(".repeat(101), ")".repeat(101))).contains("nested"));
    assert!(fault(&"-".repeat(1_999)).contains("nested"));
    assert!(calculate(&format!("{}1{}", "(".repeat(99), ")".repeat(99)), None).is_ok());
    assert!(result("3000!").contains("(9131 digits)"));
    assert_eq!(result("1^(10^100) + (-1)^(10^100 + 1)"), "= 0");
    let heavy = vec!["1/2999!"; 200].join("+");
    assert!(fault(&heavy).contains("too much work"), "{}", fault(&heavy));
}

fn exact(expression: &str) -> Option<BigRational> {
    match evaluate(expression) {
        Ok(Number::Exact(value)) => Some(value),
        Ok(Number::Pi(_) | Number::Approx(_)) | Err(_) => None,
    }
}

fn float(expression: &str) -> f64 {
    evaluate(expression).unwrap().to_float().unwrap()
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1e-9)
}

proptest! {
    #[test]
    fn integers_agree_with_the_machine(left: i64, right: i64, small in -9_i64..10, power in 0_u32..12) {
        let (wide, other) = (i128::from(left), i128::from(right));
        for (operator, expected) in [('+', wide + other), ('-', wide - other), ('*', wide * other)] {
            let computed = exact(&format!("({left}) {operator} ({right})"));
            prop_assert_eq!(computed, Some(BigRational::from_integer(BigInt::from(expected))));
        }
        if right != 0 {
            let expected = BigRational::new(left.into(), right.into());
            prop_assert_eq!(exact(&format!("({left}) / ({right})")), Some(expected));
            let expected = wide - other * wide.div_euclid(other);
            let expected = if expected != 0 && other < 0 { expected + other } else { expected };
            let computed = exact(&format!("({left}) mod ({right})"));
            prop_assert_eq!(computed, Some(BigRational::from_integer(expected.into())));
        }
        let expected = BigRational::from_integer(i128::from(small).pow(power).into());
        prop_assert_eq!(exact(&format!("({small})^{power}")), Some(expected));
    }

    #[test]
    fn functions_agree_with_the_machine(value in 0.01_f64..20.0) {
        let at = |function: &str| float(&function.replace('x', &format!("({value})")));
        for (computed, expected) in [
            (at("sqrt(x)"), value.sqrt()),
            (at("ln(x)"), value.ln()),
            (at("log2(x)"), value.log2()),
            (at("sin(x)"), value.sin()),
            (at("cos(x deg)"), value.to_radians().cos()),
            (at("atan(x)"), value.atan()),
            (at("x^2.5"), value.powf(2.5)),
            (at("tanh(x)"), value.tanh()),
            (at("root(x, 7)"), value.powf(1.0 / 7.0)),
            (at("e^x"), value.exp()),
        ] {
            prop_assert!(close(computed, expected), "{} is not {}", computed, expected);
        }
    }

    #[test]
    fn what_is_shown_is_what_was_computed(numerator in -1_000_000_i64..1_000_000, denominator in 1_i64..1_000_000, digits in 1_u32..30) {
        let shown = calculate(&format!("{numerator}/{denominator}"), Some(digits)).unwrap();
        let last = shown.rsplit(['=', '≈']).next().unwrap().trim();
        let (read, real) = (last.parse::<f64>(), numerator as f64 / denominator as f64);
        let read = read.unwrap_or_else(|_| panic!("{shown}"));
        let tolerance = real.abs() * 10_f64.powi(1 - digits as i32).max(1e-14) + 1e-300;
        prop_assert!((read - real).abs() <= tolerance, "{} is not {}", shown, real);
    }

    #[test]
    fn nothing_panics_or_grows_without_bound(tokens in prop::collection::vec(prop::sample::select(vec![
        "1", "2.5", "1e9", "1e-4000", "300!", "+", "-", "*", "/", "%", "^", "!", "(", ")", ",", " ", "sqrt(", "root(",
        "log(", "gcd(", "choose(", "round(", "sin(", "tan(", "pi", "e", "deg", "²", "mod", "of", "mean(",
    ]), 0..24)) {
        let text = tokens.concat();
        if let Some(value) = exact(&text) {
            prop_assert!(value.numer().bits() <= MAX_BITS && value.denom().bits() <= MAX_BITS);
        }
        if let Ok(Number::Approx(value)) = evaluate(&text) {
            prop_assert!(value.is_finite());
        }
        let _shown = calculate(&text, Some(1_000));
    }

    #[test]
    fn any_text_has_a_result_or_a_fault(text in ".{0,60}") {
        if let Err(err) = calculate(&text, None) {
            prop_assert!(!err.is_empty());
        }
    }
}

#[test]
fn the_tool_takes_its_input_from_json() {
    let tool = galaxy_tool::tool::any(super::Math);
    let schema = tool.schema();
    assert_eq!(schema.check(&serde_json::json!({ "expression": "2+2", "digits": 5 })), Ok(()));
    assert!(schema.check(&serde_json::json!({ "expression": "2+2", "digits": 0 })).is_err());
    assert!(schema.check(&serde_json::json!({ "formula": "2+2" })).is_err());
    assert_eq!(exact("1/4").and_then(|it| it.to_f64()), Some(0.25));
}
