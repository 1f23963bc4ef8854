#pragma once
// A scripted HTTP server for tests: HTTP/1.1 and HTTP/2, plain or TLS, on 127.0.0.1. It shares no
// code with the library, so that it can judge the library from outside.
//
//   RawServer server([](const Request& request) {
//     if (request.path() == "/gone") return Reply::nothing(Ending::reset);
//     return Reply::events({"one", "two"}).slices(7).cut_body(20, Ending::truncate);
//   });
//   client.get(server.url() + "/stream");
//   CHECK(server.requests().at(0).header("Accept") == "text/event-stream");

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/certificates.hpp"
#include "support/http_message.hpp"

namespace lian::test {

/// Called on the server's thread, one request at a time. A throw is answered by 500 and listed in
/// RawServer::problems().
using RequestHandler = std::function<Reply(const Request&)>;

struct ServerOptions {
  enum class Accepting {
    serve,
    never,  ///< the queue of the listening socket is full: a connect does not come back
    reset,  ///< RST as soon as a connection is accepted
    close,  ///< FIN as soon as a connection is accepted
  };

  Accepting accepting = Accepting::serve;
  bool tls = false;
  Certificate certificate = Certificate::valid;
  /// HTTP/2: by ALPN under TLS (a client that does not offer h2 gets HTTP/1.1), else by prior
  /// knowledge.
  bool http2 = false;
  unsigned max_concurrent_streams = 100;
  /// Leaves "Expect: 100-continue" unanswered, as many servers do.
  bool ignore_expect = false;
};

/// What the server has seen so far.
struct ServerCounts {
  int accepted = 0;  ///< connections since the start
  int open = 0;      ///< connections that neither side has given up
  int peak_open = 0;
  int requests = 0;
  int frames = 0;             ///< of WebSockets, from clients
  int replies = 0;            ///< answers sent to their last byte (cut ones do not count)
  int stalled = 0;            ///< answers that stand still now
  int open_streams = 0;       ///< HTTP/2, over all connections
  int peak_streams = 0;       ///< the most HTTP/2 streams at once on one connection
  int cancelled_streams = 0;  ///< HTTP/2 streams the client reset
  std::size_t bytes_sent = 0;
};

/// Listens from the constructor to the destructor; one background thread, joined in the destructor.
/// Every member function may be called from any thread.
class RawServer {
 public:
  explicit RawServer(RequestHandler handler, ServerOptions options = ServerOptions());
  /// Gives the replies in order, the last one again and again.
  explicit RawServer(std::vector<Reply> replies, ServerOptions options = ServerOptions());
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  int port() const;
  /// "http://127.0.0.1:PORT" or "https://localhost:PORT".
  std::string url() const;
  /// The authority to trust; throws std::logic_error without TLS.
  std::string ca_file() const;

  std::vector<Request> requests() const;
  ServerCounts counts() const;
  /// Malformed requests and handlers that threw. A test of a well-behaved client checks that it is
  /// empty.
  std::vector<std::string> problems() const;

  /// Lets stalled answers go on with the bytes they held back.
  void release_stalled();
  /// Closes every connection (FIN), as a server that restarts does.
  void close_connections();

  /// Waits until the condition holds; false when it does not within `limit`.
  bool wait_until(const std::function<bool(const ServerCounts&)>& condition,
                  Milliseconds limit = Milliseconds(10000)) const;
  bool wait_for_open(int connections, Milliseconds limit = Milliseconds(10000)) const;
  bool wait_for_requests(int requests, Milliseconds limit = Milliseconds(10000)) const;
  bool wait_for_stalled(int replies, Milliseconds limit = Milliseconds(10000)) const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace lian::test
