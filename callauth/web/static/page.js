// The page: in the language of the browser, or of ?lang=en, before the element looks.

const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language;

if (!asked.toLowerCase().startsWith("ru")) {
  document.documentElement.lang = "en";
  document.title = document.querySelector("h1").textContent = "Phone verification";
}
