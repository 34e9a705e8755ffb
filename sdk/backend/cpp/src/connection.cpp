#include "connection.h"

#include <pthread.h>

#include <csignal>
#include <random>
#include <stdexcept>

#include "frames.h"
#include "incoming.h"
#include "token_file.h"

namespace gw::backend {
namespace {

constexpr std::chrono::seconds kDialPatience{5};
constexpr std::chrono::seconds kHelloPatience{10};
constexpr std::chrono::seconds kGoodbyePatience{2};
constexpr std::chrono::milliseconds kLook{500};

// A write to a connection that has ended is an error, not the end of the process.
void blockSigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::chrono::milliseconds jittered(std::chrono::milliseconds delay) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::chrono::milliseconds::rep> part(delay.count() / 2, delay.count());
  return std::chrono::milliseconds(part(random));
}

}  // namespace

Connection::Connection(const Options& options, std::string instance, Inbox& inbox, SendQueue& queue, const Log& log)
    : options_(options),
      instance_(std::move(instance)),
      url_(Url::parse(options.url)),
      inbox_(inbox),
      queue_(queue),
      log_(log) {}

void Connection::start() {
  thread_ = std::thread([this] {
    blockSigpipe();
    dialForever();
  });
}

void Connection::stop() {
  if (!thread_.joinable()) return;
  queue_.finish();
  {
    std::unique_lock lock(mutex_);
    isStopping_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, kGoodbyePatience, [this] { return socket_ == nullptr; });
    if (socket_ != nullptr) socket_->interrupt();
  }
  thread_.join();
}

void Connection::use(Socket* socket) {
  const std::lock_guard lock(mutex_);
  if (socket != nullptr && isStopping_) throw std::runtime_error("stopping");
  socket_ = socket;
  changed_.notify_all();
}

void Connection::waitBefore(std::chrono::milliseconds delay) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, jittered(delay), [this] { return isStopping_; });
}

void Connection::dialForever() {
  auto delay = options_.reconnectMin;
  const auto isStopping = [this] {
    const std::lock_guard lock(mutex_);
    return isStopping_;
  };
  while (!isStopping()) {
    const int64_t before = generation_;
    std::string why = "closed";
    try {
      serve();
    } catch (const std::exception& e) {
      why = e.what();
    }
    if (isStopping()) return;
    log_.warning("no link to the gateway at " + options_.url + ": " + why);
    if (generation_ != before) delay = options_.reconnectMin;  // it had worked
    waitBefore(delay);
    delay = std::min(delay * 2, options_.reconnectMax);
  }
}

void Connection::serve() {
  const auto socket = Socket::dial(url_, kDialPatience);
  use(socket.get());
  std::thread writer;
  std::string why = "closed";
  try {
    hasSaidGoodbye_ = false;
    connect(*socket);
    writer = std::thread([this, &socket, generation = generation_] {
      blockSigpipe();
      write(*socket, generation);
    });
    read(*socket);
    if (!socket->closeReason().empty()) why = socket->closeReason();
  } catch (const std::exception& e) {
    why = e.what();
  }
  isUp_ = false;
  queue_.close();
  socket->interrupt();  // or the writer would wait for a peer that does not read
  if (writer.joinable()) {
    writer.join();
    inbox_.push(LinkDown{why});
  }
  use(nullptr);
  throw std::runtime_error(why);
}

void Connection::connect(Socket& socket) {
  const Capabilities& can = options_.capabilities;
  socket.send(
      connectRequest({readTokenFile(options_.tokenFile), options_.name, instance_, can.hasCharacters,
                      can.hasRegistration, can.hasGuests, can.welcome, options_.clientId, options_.clientVersion}));
  std::string message;
  if (socket.receive(message, kHelloPatience) != Socket::Got::kMessage)
    throw std::runtime_error("no answer to connect; " + socket.closeReason());
  std::vector<Item> items;
  if (!parseMessage(message, items) || items.empty()) throw std::runtime_error("the answer to connect is not a frame");
  const auto* hello = std::get_if<ResponseItem>(&items.front());
  if (hello == nullptr || hello->id != "connect")
    throw std::runtime_error("the first frame is not the answer to connect");
  if (!hello->isOk)
    throw std::runtime_error("refused: " + textOf(hello->body, "code") + " " + textOf(hello->body, "message"));
  heartbeat_ = std::chrono::milliseconds(
      std::max<int64_t>(numberOf(objectOf(hello->body, "policy"), "heartbeatMs", 30000), 100));
  queue_.open(++generation_);
  items.front() = LinkUp{generation_, numberOf(objectOf(hello->body, "link"), "n", -1)};
  isUp_ = true;
  log_.info("linked to the gateway at " + options_.url);
  deliver(std::move(items));
}

void Connection::read(Socket& socket) {
  auto heard = Clock::now();
  bool hasAsked = false;
  std::string message;
  while (true) {
    const auto got = socket.receive(message, std::min<std::chrono::milliseconds>(kLook, heartbeat_));
    if (got == Socket::Got::kClosed) return;
    const auto silence = Clock::now() - heard;
    if (got == Socket::Got::kMessage) {
      heard = Clock::now();
      hasAsked = false;
      std::vector<Item> items;
      if (!parseMessage(message, items)) {
        socket.sendClose(1007, "not a message of the protocol");
        throw std::runtime_error("the gateway sent what is not a message of the protocol");
      }
      deliver(std::move(items));
    } else if (hasSaidGoodbye_ && silence > kGoodbyePatience) {
      return;
    } else if (silence > 2 * heartbeat_) {
      socket.sendClose(4003, "nothing heard");
      throw std::runtime_error("nothing heard from the gateway");
    } else if (silence > heartbeat_ && !hasAsked) {
      hasAsked = true;
      queue_.push(generation_, request("heartbeat", "heartbeat", "{}"));
    }
  }
}

void Connection::deliver(std::vector<Item>&& items) {
  std::erase_if(items, [this](const Item& item) {
    const auto* asked = std::get_if<RequestItem>(&item);
    if (asked == nullptr || asked->method != "heartbeat") return false;
    queue_.push(generation_, acceptance(asked->id, "{}"));
    return true;
  });
  if (!items.empty()) inbox_.push(std::move(items));
}

void Connection::write(Socket& socket, int64_t generation) {
  try {
    while (const auto message = queue_.next(generation)) socket.send(*message);
    socket.sendClose(1000, "");  // finished, or closed: then nobody hears it
    hasSaidGoodbye_ = true;
  } catch (const std::exception&) {
    socket.interrupt();  // the reader says why
  }
}

}  // namespace gw::backend
