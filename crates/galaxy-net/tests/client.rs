//! The client against a server of a few lines on the loopback interface.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use galaxy_net::{Client, Config, Denied, Error, Policy, Reach, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

fn client(ports: Vec<u16>) -> Client {
    // A second test in this process finds the provider installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = Config { policy: Policy { public_ports: ports }, ..Config::default() };
    Client::new(config).unwrap()
}

/// Answers one request with `response`, then closes.
async fn serve(listener: &TcpListener, response: &str) {
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut request = [0; 4096];
    assert!(socket.read(&mut request).await.unwrap() > 0);
    socket.write_all(response.as_bytes()).await.unwrap();
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn url(text: String) -> Url {
    Url::parse(&text).unwrap()
}

#[tokio::test]
async fn a_configured_address_may_be_local_and_the_body_is_bounded() {
    let (listener, port) = listen().await;
    let client = client(vec![]);
    let request = Request::get(url(format!("http://localhost:{port}/x")));
    let response = "HTTP/1.1 200 OK\r\nx-kind: test\r\ncontent-length: 10\r\n\r\n0123456789";
    let (response, ()) =
        tokio::join!(client.send(Reach::Configured, request), serve(&listener, response));
    let response = response.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-kind"]),
        (200, &"test".parse().unwrap())
    );
    let text = response.text_bounded(4).await.unwrap();
    assert_eq!((text.text.as_str(), text.is_whole), ("0123", false));
}

#[tokio::test]
async fn a_name_that_resolves_inside_is_closed_to_the_public() {
    let (_listener, port) = listen().await;
    let client = client(vec![port]);
    for host in ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "[::1]", "0x7f.1"] {
        let request = Request::get(url(format!("http://{host}:{port}/")));
        let err = client.send(Reach::Public, request).await.unwrap_err();
        // A resolver may refuse to know a spelling; what matters is that nothing is reached.
        let refused = matches!(err, Error::Denied(Denied::Closed) | Error::Unreachable { .. });
        assert!(refused, "{host}: {err:?}");
        if host == "localhost" {
            assert_eq!(err, Error::Denied(Denied::Closed));
        }
    }
}

#[tokio::test]
async fn an_open_connection_to_the_inside_is_not_shared_with_the_public() {
    let (listener, port) = listen().await;
    let client = client(vec![port]);
    let request = Request::get(url(format!("http://localhost:{port}/")));
    let answer = "HTTP/1.1 204 No Content\r\n\r\n";
    let kept = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        assert!(socket.read(&mut buffer).await.unwrap() > 0);
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket
    };
    let (response, _socket) = tokio::join!(client.send(Reach::Configured, request.clone()), kept);
    assert_eq!(response.unwrap().status().as_u16(), 204);
    let err = client.send(Reach::Public, request).await.unwrap_err();
    assert_eq!(err, Error::Denied(Denied::Closed));
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let (listener, port) = listen().await;
    let client = client(vec![]);
    let request = Request::get(url(format!("http://127.0.0.1:{port}/")));
    let response =
        "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
    let (response, ()) =
        tokio::join!(client.send(Reach::Configured, request), serve(&listener, response));
    assert_eq!(response.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn failures_say_what_the_innermost_layer_said_and_never_the_url() {
    let (listener, port) = listen().await;
    drop(listener);
    let client = client(vec![]);
    let secret = url(format!("http://127.0.0.1:{port}/?key=sesame"));
    let err = client.send(Reach::Configured, Request::get(secret)).await.unwrap_err();
    assert!(
        matches!(&err, Error::Unreachable { message } if message.contains("refused")),
        "{err:?}"
    );
    let unknown = url("http://no-such-host.invalid/?key=sesame".to_owned());
    let err = client.send(Reach::Configured, Request::get(unknown)).await.unwrap_err();
    assert!(
        matches!(err, Error::Unreachable { .. }) && !err.to_string().contains("sesame"),
        "{err:?}"
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    let (listener, port) = listen().await;
    let client = client(vec![]);
    let request = Request::get(url(format!("http://127.0.0.1:{port}/")));
    let response = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123";
    let (response, ()) =
        tokio::join!(client.send(Reach::Configured, request), serve(&listener, response));
    let err = response.unwrap().text_bounded(100).await.unwrap_err();
    assert!(matches!(err, Error::Broken { .. }), "{err:?}");
}
