//! Counts requests, tokens and waits, by the name of the model.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, future::BoxFuture};
use galaxy_domain::Usage;
use tokio::time::Instant;

use crate::{
    answer::{Answer, Event},
    error::ModelError,
    provider::{Model, Profile},
    request::Request,
    start::shows,
};

/// Counter: requests by `model` and `outcome` (`ok`, `abandoned`, or the error's code).
pub const REQUESTS: &str = "galaxy_model_requests_total";
/// Counter: tokens by `model` and `kind` (`input`, `cached`, `output`, `reasoning`).
pub const TOKENS: &str = "galaxy_model_tokens_total";
/// Histogram: seconds from a request to the first event that shows something, by `model`.
pub const FIRST_TOKEN: &str = "galaxy_model_first_token_seconds";

/// A model whose requests are counted.
pub struct Metered {
    inner: Arc<dyn Model>,
}

impl Metered {
    /// Counts the requests of `inner`.
    pub fn new(inner: Arc<dyn Model>) -> Self {
        Self { inner }
    }
}

impl Model for Metered {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            let mut tally = Tally {
                model: self.profile().name.clone(),
                started: Instant::now(),
                outcome: "abandoned",
                begun: false,
                usage: Usage::default(),
            };
            match self.inner.answer(request).await {
                Ok(answer) => Ok(answer.inspect(move |next| tally.see(next)).boxed()),
                Err(err) => {
                    tally.outcome = err.code();
                    Err(err)
                }
            }
        }
        .boxed()
    }
}

/// What is known of one request; counted when it ends, whoever ends it.
struct Tally {
    model: String,
    started: Instant,
    outcome: &'static str,
    begun: bool,
    usage: Usage,
}

impl Tally {
    fn see(&mut self, next: &Result<Event, ModelError>) {
        match next {
            Err(err) => self.outcome = err.code(),
            Ok(event) => {
                if shows(event) && !self.begun {
                    self.begun = true;
                    let waited = self.started.elapsed().as_secs_f64();
                    metrics::histogram!(FIRST_TOKEN, "model" => self.model.clone()).record(waited);
                }
                match event {
                    Event::Usage(usage) => self.usage = *usage,
                    Event::Finished(_) => self.outcome = "ok",
                    Event::Text(_)
                    | Event::Reasoning(_)
                    | Event::Arguments { .. }
                    | Event::Call(_)
                    | Event::Opaque(_)
                    | Event::Switched { .. } => (),
                }
            }
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let model = std::mem::take(&mut self.model);
        let requests =
            metrics::counter!(REQUESTS, "model" => model.clone(), "outcome" => self.outcome);
        requests.increment(1);
        let Usage { input, cached, output, reasoning } = self.usage;
        let kinds =
            [("input", input), ("cached", cached), ("output", output), ("reasoning", reasoning)];
        for (kind, tokens) in kinds.into_iter().filter(|it| it.1 > 0) {
            let counter = metrics::counter!(TOKENS, "model" => model.clone(), "kind" => kind);
            counter.increment(tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use galaxy_domain::transcript::Finish;
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::{
        answer::collect,
        breaker::{Breaker, Guarded, Rules},
        fake::{Fake, Play, Step, says, unavailable},
    };

    #[tokio::test(start_paused = true)]
    async fn every_request_is_counted_with_how_it_ended() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _here = metrics::set_default_local_recorder(&recorder);
        let usage = Usage { input: 7, cached: 0, output: 3, reasoning: 1 };
        let whole = Play::Steps(vec![
            Step::Wait(Duration::from_secs(2)),
            Step::Event(Event::Text("hi".to_owned())),
            Step::Event(Event::Usage(usage)),
            Step::Event(Event::Finished(Finish::Stop)),
        ]);
        let plays = [whole, Play::Refuse(unavailable()), says("never read")];
        let model = Metered::new(Arc::new(Fake::new(plays)));
        collect(model.answer(Request::default()).await.unwrap(), |_| ()).await.unwrap();
        model.answer(Request::default()).await.err().unwrap();
        drop(model.answer(Request::default()).await.unwrap());

        let page = recorder.handle().render();
        for line in [
            r#"galaxy_model_requests_total{model="fake",outcome="ok"} 1"#,
            r#"galaxy_model_requests_total{model="fake",outcome="model_unavailable"} 1"#,
            r#"galaxy_model_requests_total{model="fake",outcome="abandoned"} 1"#,
            r#"galaxy_model_tokens_total{model="fake",kind="input"} 7"#,
            r#"galaxy_model_tokens_total{model="fake",kind="output"} 3"#,
            r#"galaxy_model_tokens_total{model="fake",kind="reasoning"} 1"#,
            r#"galaxy_model_first_token_seconds_sum{model="fake"} 2"#,
            r#"galaxy_model_first_token_seconds_count{model="fake"} 1"#,
        ] {
            assert!(page.contains(line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("cached"), "{page}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_breaker_shows_in_the_metrics() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _here = metrics::set_default_local_recorder(&recorder);
        let breaker = Breaker::new("acme", Rules { at_least: 1, ..Rules::default() });
        let plays = [Play::Refuse(unavailable()), says("back")];
        let model = Guarded::new(Arc::new(Fake::new(plays)), breaker);
        model.answer(Request::default()).await.err().unwrap();
        let page = recorder.handle().render();
        assert!(page.contains(r#"galaxy_model_breaker_open{provider="acme"} 1"#), "{page}");

        tokio::time::advance(Duration::from_secs(30)).await;
        collect(model.answer(Request::default()).await.unwrap(), |_| ()).await.unwrap();
        let page = recorder.handle().render();
        assert!(page.contains(r#"galaxy_model_breaker_open{provider="acme"} 0"#), "{page}");
    }
}
