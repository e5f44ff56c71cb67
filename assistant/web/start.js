// Last: all of the above is there.
const renew = () => renewed.forEach((act) => act());
new MutationObserver(renew).observe(document.body, { childList: true, subtree: true });
renew();
if (location.hash === "#library") go_to("library");
