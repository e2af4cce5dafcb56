// Loads the page anew when what it waits for has happened.
const waiting = document.querySelector("[data-follow]");

async function look() {
  try {
    const answer = await fetch(waiting.dataset.follow, { headers: { accept: "application/json" } });
    if (!answer.ok || (await answer.json()).state !== waiting.dataset.state) { location.reload(); return; }
  } catch { /* the network is away for a moment */ }
  setTimeout(look, 700);
}
setTimeout(look, 400);
