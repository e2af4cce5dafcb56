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

// What went wrong, in the box that the page has without this script too.
function stop(box) {
  document.getElementById("fault")?.remove();
  form.before(box);
  box.focus();
  told.textContent = "";
  bar.hidden = true;
  form.querySelector("button:not([name])").disabled = false;
}

function error(code) {
  const known = document.getElementById(`error-${code}`) ?? document.getElementById("error-500");
  return known.content.firstElementChild.cloneNode(true);
}

function boxOf(sent) {
  const page = new DOMParser().parseFromString(sent.responseText, "text/html");
  return page.getElementById("fault") ?? error(sent.status);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (file.files[0]?.size > Number(form.dataset.limit)) { stop(error(413)); return; }
  const sent = new XMLHttpRequest();
  const button = form.querySelector("button:not([name])");
  sent.upload.onprogress = (step) => {
    if (step.lengthComputable) bar.value = Math.round((100 * step.loaded) / step.total);
  };
  sent.upload.onload = () => { told.textContent = told.dataset.checking; bar.removeAttribute("value"); };
  sent.onload = () => {
    if (sent.status === 200) location.assign(sent.responseURL);
    else stop(boxOf(sent));
  };
  sent.onerror = () => stop(error(500));
  button.disabled = true;
  bar.hidden = false;
  told.textContent = told.dataset.sending;
  sent.open("POST", form.action);
  sent.send(new FormData(form));
});
