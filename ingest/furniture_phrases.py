"""What page furniture says, by language: the cue phrases of headings, teasers, controls, notices and page notes.

Tables to read and to add to. Not here: what follows from a phrase (``clean.py``).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

# Headings over what is not the article: the whole paragraph, or its beginning if it is short. A language per line.
_HEADINGS = {
    "de": "ähnliche artikel|ähnliche beiträge|ähnliche themen|verwandte artikel|verwandte themen|weitere artikel"
    "|weitere beiträge|weitere meldungen"
    "|weitere nachrichten|weitere themen|weiterführende links|das könnte (?:sie|dich|euch)(?: auch)?|auch interessant"
    "|mehr zum thema"
    "|mehr zu diesem thema|mehr aus|mehr von|mehr über|mehr nachrichten|lesen sie (?:auch|mehr|weiter)|lesetipps?"
    "|meistgelesen|meist gelesen|neueste artikel"
    "|neueste beiträge|aktuelle beiträge|aktuelle meldungen|beliebte artikel|beliebte beiträge|beliebt|empfohlen"
    "|empfehlungen|top-themen"
    "|videos zum thema|artikel zum thema|links zum thema|thema|themen|schlagw[oö]rte?r?|stichwörter|interessante links"
    "|siehe auch|weiterlesen|kommentare|kommentar schreiben"
    "|schreibe einen kommentar|schreiben sie einen kommentar|hinterlasse einen kommentar|diskutieren sie mit|leserkommentare"
    "|beiträge aus dem forum|newsletter|über uns|über den autor|über die autorin|zum autor|folgen sie uns|folge uns|teilen"
    "|teile dies|artikel teilen"
    "|gefällt mir|ansprechpartner|pressekontakt|impressum|anzeige|werbung|sponsored|vorheriger|nächster",
    "en": "related(?: (?:articles?|stories|posts?|news|topics|content|coverage|links|reading))?|more (?:on this|from"
    "|stories|news|like this|about this)"
    "|read (?:more|next|also)|you (?:may|might) (?:also )?(?:like|be interested)|recommended(?: for you)?|most (?:read"
    "|popular|viewed)|trending(?: now)?"
    "|popular(?: posts| stories| now)?|latest (?:news|stories|posts|articles|headlines)|top stories|see also"
    "|further reading|up next|don't miss"
    "|comments?|leave a (?:comment|reply)|join the (?:conversation|discussion)|newsletters?|sign up for|about (?:us"
    "|the authors?)|follow us|share this"
    "|share (?:article|story)|tags|topics|advertisement|sponsored(?: content)?|editors?'? picks?|in case you missed it"
    "|elsewhere on",
    "fr": "articles? (?:liés|similaires|connexes|associés|recommandés|récents)|à lire (?:aussi|également|ensuite)"
    "|lire (?:aussi|également|la suite)|sur le même (?:sujet|thème)"
    "|voir aussi|à voir aussi|les plus lus|plus lus|nos recommandations|recommandé pour vous|dans la même rubrique"
    "|commentaires?|laisser un commentaire"
    "|réagir|newsletters?|à propos(?: de nous| de l'auteur)?|suivez-nous|partager|publicité|mots[- ]clés|thèmes"
    "|vous aimerez aussi|plus d'articles|en savoir plus",
    "es": "artículos? relacionados?|noticias relacionadas|contenidos? relacionados?|temas relacionados|relacionad[oa]s"
    "|más (?:noticias|información|leídas?|leídos?|sobre)|lo más (?:leído|visto)"
    "|lea también|lee también|leer más|le puede interesar|te puede interesar|también te puede interesar|ver también"
    "|véase también|te recomendamos|recomendados|comentarios"
    "|deja un comentario|newsletter|boletín|sobre nosotros|sobre el autor|síguenos|compartir|publicidad|etiquetas|archivado en",
    "it": "articoli correlati|notizie correlate|leggi anche|leggi tutto|potrebbe interessarti|ti potrebbe interessare"
    "|i più letti|più letti|vedi anche|commenti"
    "|lascia un commento|newsletter|chi siamo|seguici|condividi|pubblicità|argomenti|altri articoli",
    "nl": "gerelateerde artikelen|gerelateerd|lees ook|lees meer|lees verder|meer over|zie ook|meest gelezen|aanbevolen"
    "|reacties|reageer|nieuwsbrief|over ons|volg ons|deel dit artikel"
    "|advertentie|onderwerpen",
    "pt": "artigos relacionados|notícias relacionadas|relacionad[oa]s|leia (?:também|mais)|veja também|mais lid[ao]s"
    "|saiba mais|recomendados|comentários|deixe um comentário|newsletter"
    "|sobre nós|siga-nos|compartilhe|partilhar|publicidade|tópicos",
    "ru": "читайте также|читать (?:далее|также|ещё|еще)|смотрите также|по теме|ещё по теме|еще по теме|похожие (?:статьи"
    "|новости|материалы)|другие (?:новости|статьи|материалы)|материалы по теме"
    "|новости по теме|связанные (?:статьи|новости)|популярное|самое читаемое|рекомендуем|комментарии|оставить комментарий"
    "|подписывайтесь|подписаться|рассылка|о нас|об авторе"
    "|поделиться|реклама|теги|метки|главные новости|последние новости|лента новостей",
    "pl": "czytaj (?:także|też|również|więcej|dalej)|zobacz (?:także|też|również)|przeczytaj (?:także|też|również)"
    "|powiązane artykuły|podobne artykuły|najczęściej czytane|polecane|polecamy|komentarze"
    "|dodaj komentarz|o nas|obserwuj nas|udostępnij|reklama|tagi",
    "tr": "ilgili (?:haberler|yazılar|içerikler|konular)|benzer haberler|ayrıca (?:bakınız|okuyun)"
    "|bunlar da ilginizi çekebilir|devamını oku|en çok okunanlar|önerilenler|yorumlar|yorum yap"
    "|bülten|hakkımızda|bizi takip edin|paylaş|reklam|etiketler|son haberler",
    "uk": "читайте також|дивіться також|схожі (?:статті|новини)|новини за темою|популярне|коментарі|поділитися|реклама|теги",
    "sv": "läs (?:också|även|mer)|relaterade artiklar|mest läst|kommentarer|dela artikeln|annons",
    "da": "læs også|læs mere|relaterede artikler|mest læste|kommentarer|del artiklen|annonce",
    "cs": "čtěte (?:také|dále|více)|související články|nejčtenější|komentáře|sdílet|reklama",
    "ar": "اقرأ أيضا|اقرأ أيضًا|مقالات ذات صلة|مواضيع ذات صلة|أخبار ذات صلة|الأكثر قراءة|شارك|إعلان|تعليقات",
    "zh": "相关阅读|相关文章|相关新闻|相關新聞|相關文章|延伸閱讀|延伸阅读|推荐阅读|热门文章|热门推荐|评论|分享|广告",
    "ja": "関連記事|関連ニュース|おすすめ記事|あわせて読みたい|人気記事|広告|コメント|シェア",
}  # fmt: skip
# One paragraph that points to another article: the phrase, then that article's headline.
_TEASERS = {
    "de": "siehe auch|lesen sie (?:auch|hier|dazu|mehr|jetzt)|lies (?:auch|mehr)|lesetipp|mehr (?:dazu|zum thema|lesen)"
    "|auch interessant|weiterlesen|zum thema|hintergrund|im video",
    "en": "see also|read (?:more|also|next|the full)|also read|related|watch|listen|don't miss|more on this",
    "fr": "(?:à )?lire (?:aussi|également)|à lire|voir aussi|à voir|en savoir plus|notre dossier|lire la suite",
    "es": "lea también|lee también|leer también|leer más|ver también|véase también|más información|te puede interesar"
    "|le puede interesar",
    "it": "leggi anche|leggi qui|vedi anche|per approfondire", "nl": "lees ook|lees meer|zie ook|bekijk ook",
    "pt": "leia também|leia mais|veja também|saiba mais",
    "ru": "читайте также|см\\. также|смотрите также|по теме|подробнее|материалы по теме",
    "pl": "czytaj także|czytaj też|czytaj również|czytaj więcej|zobacz także|zobacz też|zobacz również|przeczytaj także"
    "|przeczytaj też",
    "tr": "ayrıca bakınız|ayrıca okuyun|ilgili haber", "uk": "читайте також|дивіться також", "sv": "läs också|läs även|läs mer",
    "da": "læs også|læs mere",
    "cs": "čtěte také|přečtěte si také", "ar": "اقرأ أيضا|اقرأ أيضًا|شاهد أيضا",
    "zh": "相关阅读|延伸阅读|延伸閱讀|更多", "ja": "関連記事|あわせて読みたい",
}  # fmt: skip
# A line that is nothing but a control of the page.
_CONTROLS = (
    "close|menu|search|home|share|tweet|print|e-?mail|login|log in|sign in|sign up|subscribe|register|next|previous|back"
    "|back to top|skip to (?:main )?content|loading|more|play|copy link"
    "|save|listen(?: to (?:this )?article)?|\\d+ min(?:utes?)? read|like this:?"
    "|advert|ad|facebook|twitter|x|whatsapp|telegram|linkedin|instagram|youtube|pinterest|reddit|xing"
    "|pocket|rss"
    "|schließen|menü|suche|startseite|drucken|seite drucken|artikel drucken|merken|vorlesen|anmelden|abonnieren"
    "|registrieren|zurück|weiter|nach oben|zum seitenanfang|zum inhalt(?: springen)?"
    "|mehr anzeigen|lesezeit:? (?:ca\\. )?\\d+ min(?:uten?|\\.)?|\\d+ min(?:uten?|\\.)? lesezeit|permalink"
    "|auf facebook teilen|per e-?mail teilen|link kopieren"
    "|fermer|rechercher|accueil|imprimer|envoyer|s'abonner|se connecter|retour|haut de page|suivant|précédent"
    "|temps de lecture.{0,20}"
    "|cerrar|menú|buscar|inicio|imprimir|enviar|suscríbete|suscribirse|iniciar sesión|volver|siguiente|anterior|chiudi"
    "|cerca|stampa|abbonati|accedi|sluiten|zoeken|afdrukken|inloggen"
    "|fechar|pesquisar|início|entrar|закрыть|меню|поиск|главная|печать|распечатать|войти|наверх|назад|далее|вконтакте"
    "|одноклассники|zamknij|szukaj|drukuj|zaloguj|kapat|menü|ara|ana sayfa|yazdır"
)  # fmt: skip
# What notices are about, and how they speak to the reader. Both together in one short paragraph make a notice; the first alone,
# a heading.
_NOTICE_TOPICS = (
    "ad ?-?blockers?|ad ?blocking|adblock\\w*|werbeblocker\\w*|bloqueurs? de publicités?|bloqueador(?:es)? de (?:anuncios"
    "|publicidad)|блокировщик\\w* рекламы|reklam engelleyici\\w*|bloker\\w* reklam"
    "|blocco pubblicità|(?:tracking|third-party )?cookies?|cookie-\\w+|файл\\w* cookie|newsletter\\w*|javascript"
    "|datenschutzerklärung|privacy policy|politique de confidentialité|política de privacidad"
    "|journalismus|journalism|journalisme|periodismo|giornalismo|journalistiek|журналистик\\w*|e-?paper|abo|bezahlschranke"
    "|informativa sulla privacy|boletín|infolettre|рассылк\\w+|nieuwsbrief|bülten\\w*|(?:push-)?benachrichtigungen"
    "|notifications|paywall|digitalabo\\w*|probeabo\\w*|abonnement|subscription|banner\\w*"
)  # fmt: skip
_NOTICE_ACTS = (
    "deaktivier\\w*|zustimmen|akzeptier\\w*|einwillig\\w*|anmelden|abonnier\\w*|melden sie sich|aktivier\\w*|bestellen sie"
    "|testen sie|jetzt lesen|wir (?:nutzen|verwenden|setzen)|diese (?:web)?seite (?:nutzt|verwendet)"
    "|disable|turn off|whitelist|accept|agree|consent|sign up|subscribe|enable|we use|this (?:web)?site uses|unsubscribe"
    "|your (?:inbox|e-?mail)|enter your"
    "|désactive\\w*|accepte[zr]?|inscri\\w+|abonne[zr]|active[zr]|nous utilisons|ce site utilise|desactiv\\w+|acept\\w+"
    "|suscr[ií]b\\w+|utilizamos|usamos|este sitio|disattiva\\w*|accetta\\w*|iscrivi\\w*|utilizziamo"
    "|schakel|accepteer\\w*|schrijf je|inschrijven|wij gebruiken|desativ\\w+|aceita\\w*|assine|inscreva\\w*|отключите"
    "|подпишитесь|подписаться|принять|мы используем|сайт использует|включите|wyłącz|akceptuj\\w*|zapisz się|używamy"
    "|unterstütz\\w* (?:uns|sie uns)|erhältlich|spenden|spende|werden sie mitglied|support us|donate|become a member"
    "|available|soutenez|faites un don|apóya\\w*|haz una donación|поддержите|sostienici|steun ons"
    "|sie (?:nutzen|verwenden)|schalten? (?:sie|bitte|deinen?|ihren)|bitte schalte\\w*|you are using|you're using"
    "|vous utilisez|usted? (?:usa|utiliza)|testen|recevez|recibe|réglages|je m'inscris|devre dışı|kabul|abone ol\\w*|kullanıyoruz"
)  # fmt: skip
_COPYRIGHT = (
    "all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados"
    "|tutti i diritti riservati|todos os direitos reservados|alle rechten voorbehouden|все права защищены"
    "|wszelkie prawa zastrzeżone|tüm hakları saklıdır"
)
_PAGE_NOTES = (
    "letzte (?:änderung|aktualisierung)|zuletzt (?:geändert|aktualisiert)|(?:aktualisiert|geändert) am|last (?:updated"
    "|modified|changed)|updated on|dernière (?:mise à jour|modification)|mis à jour le"
    "|última (?:actualización|modificación)|actualizado el|ultimo aggiornamento|laatst bijgewerkt|обновлено"
    "|последнее обновление|ostatnia aktualizacja|son güncelleme|permalink|short ?link|tags?:|schlagw[oö]rte?r?:|themen?:"
    "|stichwort(?:e|er)?:|categor(?:y|ies):|kategorien?:|filed under|abgelegt unter|veröffentlicht (?:in|unter)|mots-clés"
    "|etiquetas:|теги:|tel\\.?:|telefon:|fax:|e-?mail:|zusatzinformationen|originalpublikation"
)  # fmt: skip
# An outlet talking about itself: "our magazine", and the words outlets call their sections by.
_SELF = (
    "uns(?:er|ere|erem|eren|eres|re|ren|rem) \\w*(?:magazin|portal|website|webseite|seite|newsletter|app|kanal|redaktion"
    "|podcast|community|angebot|plattform|blog)\\w*"
    "|(?:our|this) (?:\\w+ )?(?:magazine|portal|website|site|newsletter|app|channel|newsroom|podcast|community|platform"
    "|blog|journalism)"
    "|notre (?:\\w+ )?(?:magazine|portail|site|newsletter|application|chaîne|rédaction|média)"
    "|nuestr[oa] (?:\\w+ )?(?:revista|portal|web|sitio|boletín|aplicación|canal|redacción|página)"
    "|наш\\w* (?:\\w+ )?(?:сайт|портал|журнал|канал|издани|приложени|рассылк)\\w*|nostr[oa] (?:\\w+ )?(?:rivista|portale"
    "|sito|newsletter|canale)|onze (?:\\w+ )?(?:website|site|nieuwsbrief|app|redactie)"
    "|noss[oa] (?:\\w+ )?(?:revista|portal|site|newsletter|canal)|nasz\\w* (?:\\w+ )?(?:portal|serwis|stron|magazyn|kanał)\\w*"
)  # fmt: skip
OUTLET_WORDS = frozenset(
    "news nachrichten magazin magazine zeitung journal portal blog newsletter redaktion times post herald gazette"
    " actualités actualité infos noticias diario notizie nieuws notícias новости газета"
    " wiadomości haber haberler ticker online tv".split()
)
Kind = Literal["heading", "teaser", "control", "notice topic", "notice act", "copyright", "page note", "self"]
_PATTERNS: dict[Kind, str] = {
    "heading": rf"(?:{'|'.join(_HEADINGS.values())})(?!\w)",
    "teaser": "|".join(_TEASERS.values()),
    "control": _CONTROLS,
    "notice topic": rf"(?<!\w)(?:{_NOTICE_TOPICS})(?!\w)",
    "notice act": rf"(?<!\w)(?:{_NOTICE_ACTS})(?!\w)",
    "copyright": _COPYRIGHT,
    "page note": rf"(?:{_PAGE_NOTES})",
    "self": rf"(?<!\w)(?:{_SELF})(?!\w)",
}


@cache
def phrases(kind: Kind) -> re.Pattern[str]:
    """The phrases of one kind, for casefolded text; compiled when they are first asked for."""
    return re.compile(_PATTERNS[kind])
