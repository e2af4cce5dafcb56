// Dropping a file on the box, and progress while it is sent. Without this script the form works as any form does.
const form = document.getElementById("drop");
const zone = form.querySelector(".dropzone");
const file = document.getElementById("file");
const bar = document.getElementById("progress");
const told = document.getElementById("told");

const chosen = document.getElementById("chosen");
zone.classList.add("live");
file.addEventListener("change", () => { chosen.textContent = file.files.length ? file.files[0].name : ""; });

for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) {
  zone.addEventListener(name, () => zone.classList.remove("over"));
}
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  file.files = event.dataTransfer.files;
  file.dispatchEvent(new Event("change"));
});

function stop(text) {
  told.textContent = text;
  bar.hidden = true;
  form.querySelector("button:not([name])").disabled = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const sent = new XMLHttpRequest();
  const button = form.querySelector("button:not([name])");
  sent.upload.onprogress = (step) => {
    if (step.lengthComputable) bar.value = Math.round((100 * step.loaded) / step.total);
  };
  sent.upload.onload = () => { told.textContent = told.dataset.checking; bar.removeAttribute("value"); };
  sent.onload = () => {
    if (sent.status === 200) location.assign(sent.responseURL);
    else stop(sent.status === 413 ? told.dataset.large : told.dataset.failed);
  };
  sent.onerror = () => stop(told.dataset.failed);
  button.disabled = true;
  bar.hidden = false;
  told.textContent = told.dataset.sending;
  sent.open("POST", form.action);
  sent.send(new FormData(form));
});
