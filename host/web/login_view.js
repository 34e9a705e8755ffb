// The way in: log in or register, then choose or make a character. The connection is made when there is
// something to say, because the gateway closes a connection that does not log in.

import { Refused } from './protocol.js';

const SENTENCES = {
  invalidCredentials: 'That name and password do not go together.',
  accountLocked: 'This account is locked. Ask the operator.',
  nameTaken: 'That name is taken.',
  characterTaken: 'Somebody else is playing that character.',
  invalidData: 'That will not do.',
};

function sentenceFor(error) {
  if (!(error instanceof Refused)) return error.message;
  if (error.code === 'RATE_LIMITED') {
    const seconds = Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    return error.retryAfterMs > 0 ? `Too many tries. Wait ${seconds} s, then try again.` : 'Too many tries. Wait a little.';
  }
  // The gateway's own sentence says more than ours where the reason is a rule (length, letters).
  return error.reason === 'invalidData' || error.reason === 'nameTaken'
    ? error.message || SENTENCES[error.reason] : SENTENCES[error.reason] ?? error.message;
}

export class LoginView {
  constructor({ root, client, onCharacter }) {
    this.root = root;
    this.client = client;
    this.onCharacter = onCharacter;
    this.isRegistering = false;
    const find = (id) => root.querySelector(`#${id}`);
    Object.assign(this, {
      credentials: find('credentials'), name: find('user-name'), password: find('password'),
      repeat: find('repeat'), repeatRow: find('repeat-row'), enter: find('enter'), swap: find('swap'),
      title: find('login-title'), error: find('login-error'), notice: find('login-notice'),
      characters: find('characters'), list: find('character-list'), create: find('create-character'),
      characterName: find('character-name'), back: find('back'),
    });
    this.credentials.addEventListener('submit', (event) => this.#try(event, () => this.#logIn()));
    this.create.addEventListener('submit', (event) => this.#try(event, () => this.#createCharacter()));
    this.swap.addEventListener('click', () => this.#setRegistering(!this.isRegistering));
    this.back.addEventListener('click', () => this.client.logout());
  }

  show(notice = '') {
    this.root.hidden = false;
    this.notice.textContent = notice;
    this.notice.hidden = notice === '';
    this.#setError('');
    this.#page(this.credentials);
    this.#setRegistering(false);
    (this.name.value ? this.password : this.name).focus();
  }

  hide() { this.root.hidden = true; }

  #page(page) {
    this.credentials.hidden = page !== this.credentials;
    this.characters.hidden = page !== this.characters;
  }

  #setRegistering(isRegistering) {
    this.isRegistering = isRegistering;
    this.title.textContent = isRegistering ? 'Create an account' : 'Log in';
    this.enter.textContent = isRegistering ? 'Create account' : 'Log in';
    this.swap.textContent = isRegistering ? 'I have an account' : 'I am new here';
    this.repeatRow.hidden = !isRegistering;
    this.repeat.required = isRegistering;
    this.password.autocomplete = isRegistering ? 'new-password' : 'current-password';
    this.#setError('');
  }

  #setError(sentence) {
    this.error.textContent = sentence;
    this.error.hidden = sentence === '';
  }

  async #try(event, action) {
    event?.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.root.setAttribute('aria-busy', 'true');
    this.#setError('');
    try {
      await action();
    } catch (error) {
      this.#setError(sentenceFor(error));
    } finally {
      this.isBusy = false;
      this.root.removeAttribute('aria-busy');
    }
  }

  async #logIn() {
    const credentials = { username: this.name.value.trim(), password: this.password.value };
    if (this.isRegistering && credentials.password !== this.repeat.value) {
      throw new Error('The two passwords are not the same.');
    }
    if (this.client.state !== 'authenticating' || !this.client.link?.isOpen) await this.client.begin();
    await this.client.request(this.isRegistering ? 'register' : 'authenticate', credentials);
    this.password.value = '';
    this.repeat.value = '';
    this.notice.hidden = true;
    if (!this.client.isPlaying) await this.#showCharacters();
  }

  async #showCharacters() {
    const { characters = [] } = await this.client.request('characters.list');
    this.title.textContent = 'Choose a character';
    this.list.replaceChildren(...characters.map((one) => this.#characterButton(one)));
    this.#page(this.characters);
    (this.list.querySelector('button') ?? this.characterName).focus();
  }

  #characterButton(character) {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'character';
    const name = document.createElement('strong');
    name.textContent = character.name;
    button.append(name);
    if (character.summary) {
      const summary = document.createElement('span');
      summary.textContent = character.summary;
      button.append(summary);
    }
    button.addEventListener('click', () => this.#try(null, () => this.#select(character)));
    item.append(button);
    return item;
  }

  async #createCharacter() {
    const name = this.characterName.value.trim();
    const made = await this.client.request('characters.create', { name });
    this.characterName.value = '';
    await this.#select(made.character ?? { name, ...made });
  }

  async #select(character) {
    this.onCharacter(character.name);
    await this.client.request('characters.select', { id: character.id, name: character.name });
  }
}
