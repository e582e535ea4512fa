// Makes the console livelier: times in the reader's zone, the overview as it changes, questions before what can't be undone. All of it works without this.

/** @param {ParentNode} within */
function showLocalTimes(within) {
  for (const time of within.querySelectorAll('time[datetime]:not([data-span])')) {
    const at = new Date(time.getAttribute('datetime') ?? '');
    if (Number.isNaN(at.getTime())) continue;
    const isToday = at.toDateString() === new Date().toDateString();
    const timeStyle = time.hasAttribute('data-clock') ? 'short' : 'medium';
    time.setAttribute('title', time.textContent ?? '');
    time.textContent =
      isToday || timeStyle === 'short'
        ? at.toLocaleTimeString(undefined, { timeStyle })
        : at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle });
  }
}

/** What each part was as it came, by its id. */
const parts = new Map();

/** @param {string} html */
function takeParts(html) {
  const come = new DOMParser().parseFromString(html, 'text/html');
  for (const next of come.querySelectorAll('[id^="live-"]')) {
    const shown = document.getElementById(next.id);
    const text = next.outerHTML;
    if (shown === null || parts.get(next.id) === text) continue;
    const isFirst = !parts.has(next.id);
    parts.set(next.id, text);
    replacePart(shown, next, isFirst);
  }
}

/**
 * Who reads stays where they are: what was opened stays open, what had the focus keeps it.
 * @param {HTMLElement} shown
 * @param {Element} next
 * @param {boolean} isFirst
 */
function replacePart(shown, next, isFirst) {
  const focus = document.activeElement;
  const focusId = focus !== null && shown.contains(focus) ? focus.id : '';
  for (const open of shown.querySelectorAll('details[open]'))
    next.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute('open', '');
  if (!isFirst)
    for (const row of next.querySelectorAll('tr[data-row]'))
      if (shown.querySelector(`tr[data-row="${CSS.escape(row.getAttribute('data-row') ?? '')}"]`) === null)
        row.classList.add('fresh');
  showLocalTimes(next);
  shown.replaceWith(next);
  if (focusId !== '') document.getElementById(focusId)?.focus();
}

/** @param {Element} word */
function watch(word) {
  /** @type {EventSource | undefined} */
  let source;
  const say = (/** @type {string} */ text) => {
    word.textContent = text;
  };
  const open = () => {
    if (source !== undefined || document.hidden) return;
    source = new EventSource('/live');
    source.addEventListener('parts', (event) => {
      takeParts(event.data);
      say('Live: changes show by themselves.');
    });
    source.addEventListener('old', () => {
      const since = new Date().toLocaleTimeString();
      say(`Not live since ${since}: the server can not look. What stands here is from before.`);
    });
    source.addEventListener('over', () => {
      close();
      say('Your session has ended. Load this page again.');
    });
    source.addEventListener('error', () => say('Not live now. Load this page again to see what is new.'));
  };
  // A browser opens few connections to one server: pages that nobody looks at need none.
  const close = () => {
    source?.close();
    source = undefined;
  };
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  open();
}

/**
 * A file that is chosen, or dropped anywhere on the page, is read here and sent like what is pasted.
 * @param {HTMLFormElement} form
 */
function takeFiles(form) {
  const text = form.querySelector('textarea');
  const chooser = form.querySelector('input[type=file]');
  /** @param {File | undefined} file */
  const take = (file) => {
    if (file === undefined || text === null) return;
    void file.text().then((content) => {
      text.value = content;
      form.closest('details')?.setAttribute('open', '');
      if (form.reportValidity()) form.submit();
    });
  };
  form.querySelector('[data-file]')?.removeAttribute('hidden');
  if (chooser instanceof HTMLInputElement) chooser.addEventListener('change', () => take(chooser.files?.[0]));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files[0]);
  });
}

const FOLLOW_MS = 2000;

/**
 * What is under way shows how far it is, until it is over.
 * @param {Element} shown
 */
function follow(shown) {
  setTimeout(() => void takeNext(shown), FOLLOW_MS);
}

/** @param {Element} shown */
async function takeNext(shown) {
  if (document.hidden) return follow(shown);
  const answer = await fetch(location.href).catch(() => undefined);
  const come = new DOMParser().parseFromString((await answer?.text()) ?? '', 'text/html');
  const next = come.getElementById(shown.id);
  if (next === null) return;
  const hasFocus = shown.contains(document.activeElement);
  showLocalTimes(next);
  // A button that somebody is about to press stays under the finger.
  if (hasFocus && next.hasAttribute('data-follow')) {
    const [words, nextWords] = [shown.querySelector('[aria-live]'), next.querySelector('[aria-live]')];
    if (words !== null && nextWords !== null) words.replaceWith(nextWords);
    return follow(shown);
  }
  shown.replaceWith(next);
  if (next.hasAttribute('data-follow')) follow(next);
}

/**
 * The seconds that are left for a button, counted from when the page came.
 * @param {HTMLFormElement} form
 */
function countDown(form) {
  const shown = form.querySelector('[data-left]');
  const button = form.querySelector('button');
  const end = performance.now() + Number(form.dataset['countdown']) * 1000;
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    if (shown !== null) shown.textContent = left === 1 ? '1 second' : `${Math.max(0, left)} seconds`;
    if (left > 0) setTimeout(tick, 250);
    else if (button !== null) button.disabled = true;
  };
  tick();
}

showLocalTimes(document);
for (const form of document.querySelectorAll('form[data-countdown]'))
  if (form instanceof HTMLFormElement) countDown(form);
for (const button of document.querySelectorAll('button[data-print]')) {
  button.removeAttribute('hidden');
  button.addEventListener('click', () => print());
}
for (const form of document.querySelectorAll('form[data-drop]'))
  if (form instanceof HTMLFormElement) takeFiles(form);
const word = document.querySelector('[data-live]');
if (word !== null) watch(word);
for (const part of document.querySelectorAll('[data-follow]')) follow(part);
