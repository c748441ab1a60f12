#pragma once

#include <memory>
#include <string>

#include "harness/board.hpp"
#include "harness/fleet.hpp"
#include "harness/tcp_gate.hpp"

namespace cartwise::fleet {

/// A chain with its owner signed in.
struct Chain {
  explicit Chain(Fleet& fleet, const std::string& name = "chain");

  /// A staff member of this chain, signed in.
  Rest Staff(Fleet& fleet, const std::string& role, const Json& branch_ids = Json::array());

  std::string id;
  std::string slug;
  std::unique_ptr<Rest> owner;
};

struct RackOptions {
  int boards = 1;
  int carts = 16;  ///< at most 16 per board
  int gap_ms = 25;
  int poll_interval_ms = 0;
  bool gate = false;  ///< put a TcpGate between agent and gateway
  bool agent = true;  ///< start the agent
  bool has_ir = true;
};

/// A branch with a Pi, its boards and carts, online and ready to rent.
class Rack {
 public:
  Rack(Fleet& fleet, Chain& chain, RackOptions options = {});

  /// `failpoint` makes the agent end itself there (CARTWISE_AGENT_CRASH_AT).
  void StartAgent(const std::string& failpoint = "");
  Process& agent() { return agent_; }
  bool WaitOnline(bool online = true, int seconds = 40);

  Answer Assign(Rest& who, const std::string& phone, const std::string& key = "");
  Answer Assign(const std::string& phone, const std::string& key = "") {
    return Assign(*chain_.owner, phone, key);
  }
  /// Waits until the rental has one of these statuses; its last answer.
  Json WaitRental(const std::string& rental_id, const std::string& statuses, int seconds = 30);
  /// Cart by id.
  Json Cart(const std::string& cart_id);
  Json Carts();
  /// Which lock a rental's cart stands in, as "BOARD LOCK" for the board's control.
  std::string PlaceOf(const std::string& cart_id);
  int PulsesOf(const std::string& cart_id);
  /// What telemetry-svc keeps of the branch, of one type; aborts when it does not answer.
  Json Told(const std::string& event_type);

  /// As the agent keeps it.
  std::string DeviceToken() const;
  /// Puts a token on the device, as an installer does; the next agent uses it.
  void PutDeviceToken(const std::string& token);
  /// Whether the agent has stored this order key.
  bool Knows(const std::string& order_key) const;

  Board& board() { return *board_; }
  TcpGate& gate() { return *gate_; }
  const std::string& branch_id() const { return branch_id_; }
  const std::string& device_id() const { return device_id_; }
  const std::string& enrollment_key() const { return enrollment_key_; }
  std::string Path(const std::string& rest = "") const {
    return "/api/branches/" + branch_id_ + rest;
  }

 private:
  std::string IdentityFile() const;
  Json Identity() const;
  void MakeBranch();
  void StartBoard();
  void MakeCarts();

  Fleet& fleet_;
  Chain& chain_;
  RackOptions options_;
  std::string name_;
  std::string branch_id_, device_id_, enrollment_key_;
  std::map<std::string, int> address_of_controller_;
  Process board_process_;
  Process agent_;
  std::unique_ptr<Board> board_;
  std::unique_ptr<TcpGate> gate_;
};

/// A mobile number nobody used yet.
std::string NewPhone();

}  // namespace cartwise::fleet
