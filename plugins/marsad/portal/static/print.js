// The button that prints, for browsers that can.
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
