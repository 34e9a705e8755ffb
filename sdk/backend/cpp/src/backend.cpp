#include "gw/backend/backend.hpp"

namespace gw::backend {

void Backend::registerUser(Transaction&, const Credentials&, const Answer<User>& answer) {
  answer.refuse(Refusal::unknownMethod());
}

void Backend::guest(Transaction&, const Credentials&, const Answer<User>& answer) {
  answer.refuse(Refusal::unknownMethod());
}

void Backend::characters(Transaction&, std::string_view, const Answer<std::vector<Character>>& answer) {
  answer.refuse(Refusal::unknownMethod());
}

void Backend::createCharacter(Transaction&, const NewCharacter&, const Answer<Character>& answer) {
  answer.refuse(Refusal::unknownMethod());
}

void Backend::selectCharacter(Transaction&, std::string_view, std::string_view, const Answer<Character>& answer) {
  answer.refuse(Refusal::unknownMethod());
}

}  // namespace gw::backend
