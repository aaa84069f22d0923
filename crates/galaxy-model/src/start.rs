//! Where an answer begins: decorators may start over before that point, and never after it.

use futures::{StreamExt, stream};

use crate::{
    answer::{Answer, Event},
    error::ModelError,
};

/// Whether `event` is part of what was said: after it nothing may start over.
pub(crate) const fn shows(event: &Event) -> bool {
    match event {
        Event::Text(_)
        | Event::Reasoning(_)
        | Event::Arguments { .. }
        | Event::Call(_)
        | Event::Finished(_) => true,
        Event::Opaque(_) | Event::Usage(_) | Event::Switched { .. } => false,
    }
}

/// Waits until `answer` shows something and gives it back whole.
///
/// # Errors
/// Whatever it breaks off with before that. Such a break is no [`ModelError::Truncated`], since
/// nothing was said yet, but [`ModelError::Unavailable`], which may be tried again.
pub(crate) async fn begun(mut answer: Answer) -> Result<Answer, ModelError> {
    let mut unseen = Vec::new();
    loop {
        match answer.next().await {
            Some(Ok(event)) => {
                let enough = shows(&event);
                unseen.push(Ok(event));
                if enough {
                    return Ok(stream::iter(unseen).chain(answer).boxed());
                }
            }
            Some(Err(ModelError::Truncated { message })) => return Err(broken(message)),
            Some(Err(err)) => return Err(err),
            None => return Err(broken("the stream ended before the answer began".to_owned())),
        }
    }
}

fn broken(message: String) -> ModelError {
    ModelError::Unavailable { retry_after: None, message }
}

#[cfg(test)]
mod tests {
    use galaxy_domain::{Usage, transcript::Finish};

    use super::*;

    fn events(events: Vec<Result<Event, ModelError>>) -> Answer {
        stream::iter(events).boxed()
    }

    #[tokio::test]
    async fn an_answer_that_began_is_given_back_whole() {
        let whole = vec![
            Ok(Event::Usage(Usage::default())),
            Ok(Event::Text("a".to_owned())),
            Ok(Event::Finished(Finish::Stop)),
        ];
        let answer = begun(events(whole.clone())).await.unwrap();
        assert_eq!(answer.collect::<Vec<_>>().await, whole);
    }

    #[tokio::test]
    async fn a_break_before_the_first_word_may_be_tried_again() {
        let cut = events(vec![
            Ok(Event::Usage(Usage::default())),
            Err(ModelError::truncated("connection reset")),
        ]);
        let err = begun(cut).await.err().unwrap();
        assert!(err.is_retryable(), "{err:?}");
        assert_eq!(err.detail(), Some("connection reset"));
        assert!(begun(events(vec![])).await.err().unwrap().is_retryable());
    }

    #[tokio::test]
    async fn a_break_after_the_first_word_stays_in_the_stream() {
        let cut = events(vec![
            Ok(Event::Text("a".to_owned())),
            Err(ModelError::truncated("connection reset")),
        ]);
        assert_eq!(begun(cut).await.unwrap().count().await, 2);
    }
}
