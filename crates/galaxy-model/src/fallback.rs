//! Another model steps in when the one asked for cannot answer, and the answer says so.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use galaxy_domain::Part;

use crate::{
    answer::{Answer, Event},
    error::ModelError,
    provider::{Model, Profile},
    request::{Message, Request},
    start::begun,
};

/// A model with others behind it. Takes the place of the first as far as its profile goes.
pub struct Fallback {
    first: Arc<dyn Model>,
    others: Vec<Arc<dyn Model>>,
}

impl Fallback {
    /// Asks `first`, and `others` in their order when it cannot answer.
    pub fn new(first: Arc<dyn Model>, others: Vec<Arc<dyn Model>>) -> Self {
        Self { first, others }
    }
}

/// Whether `next` may do better after `failed` ended with `err` before its first word.
pub fn may_help(err: &ModelError, failed: &Profile, next: &Profile, request: &Request) -> bool {
    let worth_it = match err {
        ModelError::Unauthorized { .. }
        | ModelError::Quota { .. }
        | ModelError::UnknownModel { .. }
        | ModelError::RateLimited { .. }
        | ModelError::Unavailable { .. }
        | ModelError::TimedOut { .. }
        | ModelError::Resting { .. } => true,
        ModelError::TooLong { .. } => next.context_tokens > failed.context_tokens,
        // A wrong request is wrong everywhere, and a begun answer is not begun twice.
        ModelError::Rejected { .. }
        | ModelError::Truncated { .. }
        | ModelError::Disabled
        | ModelError::Cancelled => false,
    };
    worth_it && (next.tools || request.tools.is_empty()) && (next.images || !has_images(request))
}

impl Model for Fallback {
    fn profile(&self) -> &Profile {
        self.first.profile()
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            let first = match ask(&self.first, request.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(err) => err,
            };
            let (mut failed, mut last) = (self.first.profile(), first.clone());
            for next in &self.others {
                let profile = next.profile();
                if !may_help(&last, failed, profile, &request) {
                    continue;
                }
                let (from, to, code) = (&failed.name, &profile.name, last.code());
                tracing::warn!(from, to, code, "another model steps in");
                match ask(next, request.clone()).await {
                    Ok(answer) => {
                        let switched = Event::Switched {
                            model: profile.name.clone(),
                            because: reason(&self.first.profile().name, &first),
                        };
                        return Ok(stream::iter([Ok(switched)]).chain(answer).boxed());
                    }
                    Err(err) => (failed, last) = (profile, err),
                }
            }
            // The others were this module's idea: what is wrong is what is wrong with the first.
            Err(first)
        }
        .boxed()
    }
}

async fn ask(model: &Arc<dyn Model>, request: Request) -> Result<Answer, ModelError> {
    begun(model.answer(request).await?).await
}

fn reason(model: &str, err: &ModelError) -> String {
    match err.detail() {
        Some(detail) => format!("{model}: {err} ({detail})"),
        None => format!("{model}: {err}"),
    }
}

fn has_images(request: &Request) -> bool {
    let is_image = |part: &Part| matches!(part, Part::Image { .. });
    request.messages.iter().any(|message| match message {
        Message::User { parts } | Message::Result { output: parts, .. } => {
            parts.iter().any(is_image)
        }
        Message::Assistant { .. } => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        answer::collect,
        fake::{Fake, Play, Step, profile, says, unavailable},
        request::ToolSpec,
    };

    fn fake(name: &str, play: Play) -> Arc<Fake> {
        Arc::new(Fake::with(profile(name), [play]))
    }

    #[tokio::test]
    async fn the_answer_begins_with_who_gives_it_and_why() {
        let (first, second) = (fake("big", Play::Refuse(unavailable())), fake("small", says("hi")));
        let model = Fallback::new(first, vec![second]);
        let mut events = Vec::new();
        let answer = model.answer(Request::default()).await.unwrap();
        let sampled = collect(answer, |event| events.push(event.clone())).await.unwrap();
        assert_eq!(sampled.switched.as_deref(), Some("small"));
        let Event::Switched { because, .. } = &events[0] else { panic!("{:?}", events[0]) };
        assert!(because.contains("big") && because.contains("out of order"), "{because}");
    }

    #[tokio::test]
    async fn a_healthy_model_answers_itself() {
        let (first, second) = (fake("big", says("hi")), fake("small", says("hello")));
        let model = Fallback::new(first, vec![second.clone()]);
        let answer = model.answer(Request::default()).await.unwrap();
        assert_eq!(collect(answer, |_| ()).await.unwrap().switched, None);
        assert_eq!(second.asked(), 0);
    }

    #[tokio::test]
    async fn a_begun_answer_stays_with_its_model() {
        let cut = Play::Steps(vec![
            Step::Event(Event::Text("half".to_owned())),
            Step::Fail(ModelError::truncated("reset")),
        ]);
        let (first, second) = (fake("big", cut), fake("small", says("hello")));
        let model = Fallback::new(first, vec![second.clone()]);
        let answer = model.answer(Request::default()).await.unwrap();
        assert_eq!(collect(answer, |_| ()).await.unwrap_err().code(), "model_truncated");
        assert_eq!(second.asked(), 0);
    }

    #[tokio::test]
    async fn when_all_fail_the_first_ones_error_is_told() {
        let bad_key = ModelError::Unauthorized { message: "invalid key".to_owned() };
        let first = fake("big", Play::Refuse(bad_key.clone()));
        let others: Vec<Arc<dyn Model>> = vec![
            fake("small", Play::Refuse(unavailable())),
            fake("tiny", Play::Refuse(unavailable())),
        ];
        let model = Fallback::new(first, others);
        assert_eq!(model.answer(Request::default()).await.err(), Some(bad_key));
    }

    #[test]
    fn only_a_model_that_can_do_it_is_asked() {
        let (mut big, mut small) = (profile("big"), profile("small"));
        let mut request = Request::default();
        assert!(may_help(&unavailable(), &big, &small, &request));
        let rejected = ModelError::Rejected { message: String::new() };
        assert!(!may_help(&rejected, &big, &small, &request));

        let too_long = ModelError::TooLong { message: String::new() };
        assert!(!may_help(&too_long, &big, &small, &request));
        big.context_tokens = 4_000;
        assert!(may_help(&too_long, &big, &small, &request));

        let image = Part::Image { media_type: "image/png".to_owned(), data: String::new() };
        request.messages.push(Message::User { parts: vec![image] });
        assert!(!may_help(&unavailable(), &big, &small, &request));
        small.images = true;
        assert!(may_help(&unavailable(), &big, &small, &request));

        let tool = ToolSpec {
            name: "math".to_owned(),
            description: String::new(),
            input: serde_json::json!({}).into(),
        };
        request.tools.push(tool);
        small.tools = false;
        assert!(!may_help(&unavailable(), &big, &small, &request));
    }
}
