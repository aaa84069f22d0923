use std::net::Ipv4Addr;

use axum::{extract::ConnectInfo, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
};

use super::*;

/// A server on a free port, and what stops it.
struct Served {
    address: SocketAddr,
    close: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<bool>,
}

async fn serve(router: Router) -> Served {
    let config = Config {
        address: (Ipv4Addr::LOCALHOST, 0).into(),
        behind_proxy: false,
        connections: NonZeroUsize::new(100).unwrap(),
        per_address: NonZeroUsize::new(10).unwrap(),
    };
    let listener = config.build().await.unwrap();
    let address = listener.address().unwrap();
    let (close, closed) = oneshot::channel();
    let closing = async {
        closed.await.ok();
        Instant::now() + Duration::from_secs(30)
    };
    let ended = Tasks::default().spawn(listener.serve(router, closing));
    Served { address, close, ended }
}

async fn ask(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

const WHOLE: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

// Time is paused: it moves on to the next deadline as soon as nobody has anything to do.
#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_too_slowly_is_hung_up_on() {
    let served = serve(Router::new().route("/", get(async || "hello"))).await;
    for text in ["", "G", "PRI * HT", "GET / HTTP/1.1\r\nhost: local"] {
        let started = Instant::now();
        let mut stream = ask(served.address, text).await;
        assert_eq!(rest(&mut stream).await, "", "{text}");
        assert_eq!(started.elapsed().as_secs(), 10, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_rest_between_requests_for_a_while() {
    let served = serve(Router::new().route("/", get(async || "hello"))).await;
    let started = Instant::now();
    let mut stream = ask(served.address, WHOLE).await;
    let answer = rest(&mut stream).await;
    assert!(answer.ends_with("hello"), "{answer}");
    assert_eq!(started.elapsed().as_secs(), 75);
}

#[tokio::test]
async fn a_handler_sees_who_connected() {
    let show = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    let served = serve(Router::new().route("/", get(show))).await;
    let close = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut stream = ask(served.address, close).await;
    let own = stream.local_addr().unwrap().to_string();
    assert!(rest(&mut stream).await.ends_with(&own));
}

#[tokio::test]
async fn what_was_asked_before_the_end_is_answered_and_then_the_listener_is_done() {
    let (release, released) = oneshot::channel::<()>();
    let released = Arc::new(tokio::sync::Mutex::new(Some(released)));
    let (reached, mut was_reached) = tokio::sync::mpsc::channel::<()>(1);
    let slow = move || {
        let (released, reached) = (released.clone(), reached.clone());
        async move {
            reached.send(()).await.unwrap();
            let released = released.lock().await.take();
            released.unwrap().await.unwrap();
            "late"
        }
    };
    let quick = get(async || "quick");
    let served = serve(Router::new().route("/", get(slow)).route("/quick", quick)).await;
    let mut resting = ask(served.address, &WHOLE.replace("GET /", "GET /quick")).await;
    let mut begun = [0; 12];
    resting.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    let mut asking = ask(served.address, WHOLE).await;
    was_reached.recv().await.unwrap();
    served.close.send(()).unwrap();
    // Who waits for nothing is let go at once; the port is closed for others.
    assert!(rest(&mut resting).await.ends_with("quick"));
    assert!(TcpStream::connect(served.address).await.is_err());
    release.send(()).unwrap();
    assert!(rest(&mut asking).await.ends_with("late"));
    assert!(served.ended.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_finish_is_not_waited_for_for_ever() {
    let served = serve(Router::new().route("/", get(std::future::pending::<&str>))).await;
    let _asking = ask(served.address, WHOLE).await;
    // The request has arrived when the first deadline, that of its head, has passed.
    tokio::time::advance(Duration::from_secs(11)).await;
    served.close.send(()).unwrap();
    assert!(!served.ended.await.unwrap());
}

#[test]
fn few_open_files_mean_few_connections() {
    assert_eq!([64, 1_024, 1_000_000].map(affordable_with), [32, 768, 999_744]);
}
