"""Page furniture in an article's text, as spans with a reason; the text itself never changes.

Three kinds of evidence: what a paragraph says (cue phrases below, by language), how it reads (length, closing punctuation,
stop words, after justext: https://corpus.tools/wiki/Justext/Algorithm), and where it stands (above the headline, below the
body). In doubt a paragraph is article. Not here: taking text out of HTML (``extract.py``), learning which paragraphs an outlet
repeats (``furniture.py``).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from vectorstore.languages import normalise, primary, stem, stop_words
from vectorstore.types import Furniture, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
_OUTLET_NAMES = (
    "news nachrichten magazin magazine zeitung journal portal blog newsletter redaktion times post herald gazette"
    " actualités actualité infos noticias diario notizie nieuws notícias новости газета"
    " wiadomości haber haberler ticker online tv"
)
_OUTLET_WORDS = frozenset(_OUTLET_NAMES.split())

_WRAP_MIN, _WRAP_MAX = 40, 110
_SHORT = 9
_GOOD_WORDS = 12
_STOP_SHARE = 0.12
_TOPICAL = 0.22
_TEASER_WORDS = 40
_NOTICE_WORDS = 90
_TAIL_SHARE = 0.6
_MAX_SHARE = 0.75
_REPEATABLE_WORDS = 2
_REPEATABLE, _REPEATABLE_INSIDE = 600, 250  # characters of a paragraph at the edge of the article, and within its body
_TERMINAL = re.compile(r"[.!?…。！？؟।։။።][\s\"'”’“»›)\]」』*]*$")
_FULL_STOP = re.compile(r"[.。।]['\"”’“»›)\]]*$")
_TRUNCATED = re.compile(
    r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\s*"
    r"(?:mehr|more|weiterlesen|read more|lire la suite|leer más)?\W*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_WIDE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_CREDIT = re.compile(r"(?:©|\(c\)\s|Copyright\b).{2,60}$", re.IGNORECASE)
_LIST_MARK = r"^[\W_]*"
_LINE = re.compile(r"[^\n]+")
_URL_ONLY = re.compile(r"(?:https?://|www\.)\S+")
_SEPARATOR = re.compile(r"\s[|›»>/·•–—-]\s|\s{2,}")
_COUNT = re.compile(
    r"\(?\d+\)?\s+(?:kommentare?|comments?|commentaires?|comentarios?|commenti|reacties|comentários|комментари\w+"
    r"|komentarz\w*|yorum|shares?|likes?)"
    r"|(?:kommentare?|comments?|commentaires?|comentarios?|commenti|reacties|комментари\w+)\s*[(:]?\s*\d+\)?", re.IGNORECASE,
)  # fmt: skip


def paragraphs(text: str) -> list[Span]:
    """The paragraphs of ``text`` as trimmed spans, in order.

    A blank line always ends a paragraph. A single line break does too, unless the text is hard-wrapped there: then the next word
    would
    not have fitted on the line, or the next line goes on in lower case.
    """
    lines = [_trim(text, match.start(), match.end()) for match in _LINE.finditer(text)]
    lines = [line for line in lines if len(line)]
    width = _wrap_width(text, lines)
    found: list[Span] = []
    for line in lines:
        if found and _continues(text, found[-1], line, width=width):
            found[-1] = Span(found[-1].start, line.end)
        else:
            found.append(line)
    return found


def own_paragraphs(text: str, furniture: Iterable[Furniture]) -> list[Span]:
    """The paragraphs of ``text`` without what ``furniture`` covers of them."""
    marks = merge_furniture(text, furniture)
    found: list[Span] = []
    next_mark = 0
    for paragraph in paragraphs(text):
        start = paragraph.start
        while next_mark < len(marks) and marks[next_mark].start < paragraph.end:
            mark = marks[next_mark]
            if mark.end > start:
                found.append(_trim(text, start, max(start, mark.start)))
                start = min(mark.end, paragraph.end)
            if mark.end > paragraph.end:  # it goes on in the next paragraph
                break
            next_mark += 1
        found.append(_trim(text, start, paragraph.end))
    return [span for span in found if len(span)]


def normalise_paragraph(text: str) -> str:
    """The form in which paragraphs of an outlet's pages are compared: words only, case folded, digits as one sign."""
    return " ".join(re.sub(r"\d+", "0", word.casefold()) for word in _WORD.findall(text))


def headline(text: str) -> Span | None:
    """Where the headline stands in a plain text, None if it begins with prose.

    Of the short lines above the first paragraph of prose it is the first that reads like a headline (four words or more),
    else the longest.
    """
    top: list[Span] = []
    for span in paragraphs(text):
        if _reads_like_prose(span.slice(text)):
            break
        if top and _is_menu(span.slice(text)):
            top.clear()  # what stands above a menu is the site's
            continue
        top.append(span)
        if len(top) >= 12:  # a page's head is no longer; what follows is a list
            break
    else:
        if len(top) < 2:  # a text of one line has no headline
            top = []
    candidates = [span for span in top if not _is_page_line(span.slice(text))]
    speaking = [span for span in candidates if _count_words(span.slice(text)) >= 4]
    if speaking:
        return speaking[0]
    return max(candidates, key=lambda span: _count_words(span.slice(text)), default=None)


def find_furniture(
    text: str,
    *,
    title: str = "",
    language: str = "und",
    known: Iterable[Furniture] = (),
) -> tuple[Furniture, ...]:
    """The spans of ``text`` that are not the article, sorted, trimmed, not overlapping.

    ``known`` is furniture that the page's structure told (``Extracted.furniture``), which is kept and helps to find the rest. A text that
    would be furniture as a whole is kept as a whole.
    """
    known = tuple(known)
    blocks = [_Block(text=span.slice(text), span=span, language=primary(language)) for span in paragraphs(text)]
    if len(blocks) <= 1:
        return merge_furniture(text, known)
    apart = merge_furniture(text, known)
    next_mark = 0
    for block in blocks:
        while next_mark < len(apart) and apart[next_mark].end < block.span.end:
            next_mark += 1
        if next_mark < len(apart) and _covers(apart[next_mark], block.span):
            block.reason = apart[next_mark].reason
    _mark(blocks, top=_title_index(blocks, title=title))
    marks = [Furniture(block.span.start, block.span.end, block.reason) for block in blocks if block.reason]
    credit_lines = [credit for block in blocks if not block.reason and (credit := _picture_credit(block))]
    total = sum(block.words for block in blocks)
    if sum(block.words for block in blocks if block.reason) > _MAX_SHARE * total:
        marks = []
    return merge_furniture(text, known, marks, credit_lines)


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A paragraph that may turn out to be furniture, if its outlet repeats it; ``topical`` says whether the article is about what it says."""

    span: Span
    topical: bool


def repeatable_paragraphs(
    text: str, *, title: str, language: str, outlet: str, furniture: Iterable[Furniture]
) -> list[Repeatable]:
    """The paragraphs outside ``furniture`` that an outlet repeats as furniture only.

    Neither headline, dateline, byline and subheadings nor long paragraphs of the body, nor what comes back within the article like a refrain.
    Topical is what has words of the headline and the first half of the body, the ``outlet``'s name aside: boxes below it also have words in common.
    """
    marks = tuple(furniture)
    blocks = [_Block(text=span.slice(text), span=span, language=primary(language)) for span in paragraphs(text)]
    for block in blocks:
        block.reason = next((mark.reason for mark in marks if mark.start < block.span.end and block.span.start < mark.end), "")
    top = _title_index(blocks, title=title) if blocks else 0
    body = [i for i, block in enumerate(blocks) if i > top and block.prose and not block.reason] or [len(blocks)]
    leading = [blocks[i] for i in body[: max(1, len(body) // 2)] if i < len(blocks)]
    for block in leading:
        block.counted = True
    name = _Block(outlet, Span(0, 0), primary(language)).content
    headline_words = _Block(title, Span(0, 0), primary(language)).content
    topic = Counter(word for words in (headline_words, *(block.content for block in leading)) for word in words - name)
    normal = [normalise_paragraph(block.text) for block in blocks]
    here = Counter(normal)
    found = []
    for i, block in enumerate(blocks):
        inside = body[0] < i < body[-1]
        label = block.words <= _SHORT and not block.closed
        if (
            block.reason
            or i == top
            or here[normal[i]] > 1
            or normal[i] == normalise_paragraph(title)
            or block.words < _REPEATABLE_WORDS
            or len(block.text) > (_REPEATABLE_INSIDE if inside else _REPEATABLE)
            or (_is_dated(block.text) and i < body[-1])
            or (label and top < i < body[-1])
        ):
            continue
        found.append(Repeatable(block.span, _topical(block, topic=topic)))
    return found


def merge_furniture(text: str, *groups: Iterable[Furniture]) -> tuple[Furniture, ...]:
    """One tuple of several: sorted, trimmed of white space, within ``text``, overlaps joined under the first reason."""
    spans = sorted((mark for group in groups for mark in group), key=lambda mark: (mark.start, -mark.end))
    merged: list[Furniture] = []
    for mark in spans:
        span = _trim(text, max(0, mark.start), min(mark.end, len(text)))
        if not len(span):
            continue
        if merged and span.start < merged[-1].end:
            merged[-1] = Furniture(merged[-1].start, max(merged[-1].end, span.end), merged[-1].reason)
        else:
            merged.append(Furniture(span.start, span.end, mark.reason))
    return tuple(merged)


@dataclass
class _Block:
    """A paragraph with what is known about it; ``reason`` is empty while it counts as article."""

    text: str
    span: Span
    language: str
    reason: str = ""
    counted: bool = False

    @cached_property
    def words(self) -> int:
        return _count_words(self.text)

    @cached_property
    def plain(self) -> str:
        return re.sub(r"\s+", " ", re.sub(_LIST_MARK, "", self.text)).strip().casefold()

    @cached_property
    def closed(self) -> bool:
        return bool(_TERMINAL.search(self.text))

    @cached_property
    def prose(self) -> bool:
        """Whether it reads like body text: long enough, ends like a sentence, has function words."""
        if self.words < _GOOD_WORDS or not self.closed or _TRUNCATED.search(self.text):
            return False
        stops = stop_words(self.language)
        tokens = [normalise(word) for word in _WORD.findall(self.text)]
        return not stops or not tokens or sum(token in stops for token in tokens) >= _STOP_SHARE * len(tokens)

    @cached_property
    def content(self) -> frozenset[str]:
        """Stems of the words that carry meaning."""
        stops = stop_words(self.language)
        normal = (normalise(word) for word in _WORD.findall(self.text))
        return frozenset(stem(word, language=self.language)[:8] for word in normal if len(word) > 3 and word not in stops)

    @cached_property
    def heading_cue(self) -> bool:
        return self.words <= _SHORT and not _FULL_STOP.search(self.text) and bool(_headings().match(self.plain))

    @cached_property
    def notice(self) -> str:
        """Why the paragraph is a notice to the reader, empty if it is none."""
        if self.words > _NOTICE_WORDS or not _notice_topics().search(self.plain):
            return ""
        if self.words <= 4 and not self.closed:  # "Adblocker erkannt"
            return "notice"
        return "notice" if _notice_acts().search(self.plain) else ""


def _mark(blocks: Sequence[_Block], *, top: int) -> None:
    first = next((i for i, block in enumerate(blocks) if i >= top and block.prose and not block.notice), len(blocks))
    for i, block in enumerate(blocks):
        if not block.reason and i != top:
            block.reason = _own_reason(block, above=i < first)
    _mark_above(blocks, top=top)
    for block in blocks:
        block.counted = block.prose and not block.reason
    topic = Counter(word for block in blocks if block.counted for word in block.content)
    _mark_below(blocks, start=first, topic=topic)


def _own_reason(block: _Block, *, above: bool) -> str:
    """The reason that a paragraph gives by itself, wherever it stands."""
    if _controls().fullmatch(block.plain.rstrip(" :.>»›→")) or _COUNT.fullmatch(block.plain):
        return "navigation"
    if _is_teaser(block):
        return "see also"
    if _is_menu(block.text):
        return "navigation"
    if block.words <= 30 and (
        _copyright().search(block.plain) or re.match(r"\s*(?:©|\(c\)\s|copyright\b)", block.text, re.IGNORECASE)
    ):
        return "copyright"
    if block.notice and (above or block.words > 4 or not block.prose):
        return block.notice
    return ""


def _is_menu(line: str) -> bool:
    """Whether a line is a row of short labels set apart by bars, dots or dashes."""
    items = [item for item in _SEPARATOR.split(line.strip()) if item.strip()]
    bars = len(re.findall(r"\s[|›»·•]\s", line))
    labels = all(_count_words(item) <= 4 and not re.search(r"\d{2}|[.!?]$", item) for item in items)
    return "\n" not in line and labels and (len(items) > 3 or (len(items) == 3 and bars == 2))


def _is_teaser(block: _Block) -> bool:
    match = _teasers().match(block.plain)
    if not match or block.words > _TEASER_WORDS:
        return False
    rest = block.plain[match.end() :]
    if rest[:1].isalnum() or len(_WORD.findall(rest)) < 2 or rest.endswith(":"):
        return False
    return rest[:2].strip()[:1] in {":", "–", "-", "|", "»", ">"} or not _FULL_STOP.search(block.text)


def _mark_above(blocks: Sequence[_Block], *, top: int) -> None:
    """What stands above the headline: the site's name, the section."""
    for i, block in enumerate(blocks[: max(top, 0)]):
        if (
            not block.reason
            and block.words <= _SHORT
            and len(block.text) <= 80
            and not block.closed
            and not _is_dated(block.text)
        ):
            block.reason = "site name" if i == 0 else "navigation"


def _mark_below(blocks: Sequence[_Block], *, start: int, topic: Counter[str]) -> None:
    """What stands below the body, and boxes within it: a cue heading and what belongs to it."""
    prose_before = [0, *accumulate(block.words if block.prose else 0 for block in blocks)]
    i = start + 1
    kept = summed = 0  # words of the article before the box, and of how many blocks
    while i < len(blocks):
        block = blocks[i]
        if _opens_box(block, before=prose_before[i], after=prose_before[-1] - prose_before[i + 1]) and not _is_subheading(
            blocks, i, topic=topic
        ):
            block.reason = block.reason or _heading_reason(block)
            kept += sum(other.words for other in blocks[summed : i + 1] if not other.reason)
            summed = i + 1
            i = _mark_box(blocks, i + 1, before=kept, prose_before=prose_before, reason=_box_reason(block), topic=topic)
        else:
            i += 1
    end = max((i for i, block in enumerate(blocks) if block.prose and not block.reason), default=-1)
    end = _without_promotion(blocks, end, start=start, topic=topic)
    _mark_tail(blocks, end)


def _opens_box(block: _Block, *, before: int, after: int) -> bool:
    """A cue heading opens a box; a notice does too, if little prose (in words) is left that could be the article."""
    if block.heading_cue or (block.notice and block.words <= _SHORT):
        return True
    return bool(block.reason and block.notice) and after <= _TAIL_SHARE / 2 * before


def _mark_box(
    blocks: Sequence[_Block], i: int, *, before: int, prose_before: Sequence[int], reason: str, topic: Counter[str]
) -> int:
    """Marks what follows a furniture heading up to where the article goes on; returns that index.

    ``before`` is how many words of the article stand before it, ``prose_before`` how many words of prose before each block.
    """
    while i < len(blocks):
        block = blocks[i]
        rest = prose_before[-1] - prose_before[i]
        if (
            not block.reason
            and block.prose
            and not block.notice
            and (_topical(block, topic=topic) or rest > _TAIL_SHARE * before)
        ):
            break
        if not block.reason and not block.prose and _opens_body(blocks, i, topic=topic):
            break
        if block.notice or block.heading_cue:
            reason = _box_reason(block)
            block.reason = block.reason or _heading_reason(block)
        block.reason = block.reason or reason
        i += 1
    return i


def _opens_body(blocks: Sequence[_Block], i: int, *, topic: Counter[str]) -> bool:
    """Whether a short line in a box is already the subheading of the paragraphs with which the article goes on."""
    following = blocks[i + 1 : i + 3]
    return (
        len(following) == 2
        and not blocks[i].heading_cue
        and all(block.prose and not block.reason and not block.notice and _topical(block, topic=topic) for block in following)
    )


def _is_subheading(blocks: Sequence[_Block], i: int, *, topic: Counter[str]) -> bool:
    """A cue that is a mere word ("Topics", "Werbung") over two paragraphs on the article's topic is its own subheading."""
    exact = _headings().fullmatch(blocks[i].plain.rstrip(" :"))
    return not exact and not blocks[i].notice and _opens_body_after(blocks, i, topic=topic)


def _opens_body_after(blocks: Sequence[_Block], i: int, *, topic: Counter[str]) -> bool:
    following = blocks[i + 1 : i + 2]
    return bool(following) and all(block.prose and not block.notice and _topical(block, topic=topic) for block in following)


def _without_promotion(blocks: Sequence[_Block], end: int, *, start: int, topic: Counter[str]) -> int:
    """Marks an outlet's words about itself at the end of the body; returns the index of the last paragraph that is article."""
    for last in range(end, max(start, end - 3), -1):
        head = _promotion_heading(blocks, last)
        section = blocks[max(head, start + 1) if head >= 0 else last : last + 1]
        evidence = (
            bool(_self().search(blocks[last].plain))
            + (head >= 0 and _names_an_outlet(blocks[head]))
            + (not _topical(blocks[last], topic=topic))
        )
        if evidence < 2 or blocks[last].reason:
            return last if not blocks[last].reason else end
        for block in section:
            block.reason = block.reason or "promotion"
        end = max((i for i, block in enumerate(blocks[:last]) if block.prose and not block.reason), default=start)
    return end


def _promotion_heading(blocks: Sequence[_Block], last: int) -> int:
    """The index of the short line right above paragraph ``last`` (or above its neighbour), -1 if there is none."""
    for i in (last - 1, last - 2):
        if i > 0 and blocks[i].words <= 6 and not blocks[i].closed:
            return i
    return -1


def _names_an_outlet(block: _Block) -> bool:
    return any(word in _OUTLET_WORDS for word in _WORD.findall(block.plain))


def _mark_tail(blocks: Sequence[_Block], end: int) -> None:
    """After the last paragraph of the body: page notes, cut-off teasers, and lines between two marked ones."""
    tail = range(end + 1, len(blocks))
    truncated = [i for i in tail if _TRUNCATED.search(blocks[i].text)]
    for i in tail:
        block = blocks[i]
        if block.reason:
            continue
        if _page_notes().match(block.plain) and block.words <= 25:
            block.reason = "page information"
        elif _URL_ONLY.fullmatch(block.plain):
            block.reason = "link"
        elif len(truncated) > 1 and i in truncated:
            block.reason = "teaser"
    marked = [i for i in tail if blocks[i].reason]
    if marked:
        for i in range(marked[0], marked[-1]):
            if not blocks[i].reason and not blocks[i].prose and not _is_dated(blocks[i].text):
                blocks[i].reason = "navigation"


def _topical(block: _Block, *, topic: Counter[str]) -> bool:
    """Whether enough of a paragraph's content words occur elsewhere in the article, itself not counted."""
    shared = sum(topic[word] > block.counted for word in block.content)
    return shared >= max(1 if block.words > 30 else 2, _TOPICAL * len(block.content))  # a short one by chance


def _heading_reason(block: _Block) -> str:
    return block.notice or "see also"


def _box_reason(block: _Block) -> str:
    return block.notice or "teaser"


def _picture_credit(block: _Block) -> Furniture | None:
    match = _CREDIT.search(block.text) if block.words <= 40 else None
    if not match or not block.text[: match.start()].strip():
        return None
    return Furniture(block.span.start + match.start(), block.span.end, "picture credit")


def _title_index(blocks: Sequence[_Block], *, title: str) -> int:
    """The index of the headline's paragraph; 0 if it is not to be found, so that nothing stands above it."""
    wanted = normalise_paragraph(title)
    if wanted:
        for i, block in enumerate(blocks[:15]):
            normal = normalise_paragraph(block.text)
            if normal == wanted or (len(normal) > 15 and (normal in wanted or wanted in normal)):
                return i
    text = "\n\n".join(block.text.replace("\n", " ") for block in blocks[:15])
    found = headline(text)
    return text[: found.start].count("\n\n") if found else 0


def _reads_like_prose(paragraph: str) -> bool:
    return _count_words(paragraph) >= _GOOD_WORDS * 2 or (
        _count_words(paragraph) >= _GOOD_WORDS and bool(_TERMINAL.search(paragraph))
    )


def _is_page_line(line: str) -> bool:
    """Whether a line at the top is something other than a headline: address, date, byline, control, path of sections."""
    plain = re.sub(r"\s+", " ", line).strip().casefold()
    return bool(
        _URL_ONLY.match(plain)
        or _is_dated(line)
        or re.match(r"(?:von|by|par|por|di|door|автор|autor|author|текст|foto|photo|photograph)\b[ :]", plain)
        or _controls().fullmatch(plain)
        or _is_menu(line)
        or re.search(r"\s[|›»•]\s", line)
        or _notice_topics().search(plain)
    )


def _is_dated(line: str) -> bool:
    return _count_words(line) <= 14 and bool(re.search(r"\b(?:19|20)\d\d\b", line)) and bool(re.search(r"\b\d{1,2}\b", line))


def _count_words(text: str) -> int:
    """Words; in scripts without spaces two characters count as one."""
    wide = len(_WIDE.findall(text))
    return wide // 2 + len(_WORD.findall(_WIDE.sub(" ", text) if wide else text))


def _covers(mark: Furniture, span: Span) -> bool:
    return mark.start <= span.start and span.end <= mark.end


def _trim(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return Span(start + left, max(start + left, start + len(piece.rstrip())))


def _wrap_width(text: str, lines: Sequence[Span]) -> int:
    """The column at which the text was wrapped by hand, 0 if it was not."""
    pairs = [(a, b) for a, b in pairwise(lines) if text.count("\n", a.end, b.start) == 1]
    width = max((len(a) for a, _ in pairs), default=0)
    if not _WRAP_MIN <= width <= _WRAP_MAX:
        return 0
    full = [(a, b) for a, b in pairs if len(a) + 1 + len(_first_word(text, b)) > width - 4]
    running = [(a, b) for a, b in full if not _TERMINAL.search(a.slice(text))]
    goes_on = any(not text[b.start].isupper() for _, b in running)
    # German lines often begin with a noun: two lines in a row that break off at a small word tell as much.
    broken = [(a, b) for a, b in running if a.slice(text).split()[-1].islower()]
    breaks_off = any(b == c for (_, b), (c, _) in pairwise(broken))
    return width if (goes_on or breaks_off) and len(full) * 2 >= len(pairs) else 0


def _continues(text: str, paragraph: Span, line: Span, *, width: int) -> bool:
    if text.count("\n", paragraph.end, line.start) != 1:
        return False
    if text[line.start] in "•*-–—·‣▪" or re.match(r"\(?\d{1,2}[.)]\s", text[line.start : line.start + 5]):
        return False
    last_line = paragraph.end - (text.rfind("\n", paragraph.start, paragraph.end) + 1 or paragraph.start)
    before = text[paragraph.end - 1]
    if width:
        return last_line + 1 + len(_first_word(text, line)) > width - 4 or (text[line.start].islower() and last_line > width // 2)
    return text[line.start].islower() and (before.isalnum() or before in ",;-–") and last_line >= _WRAP_MIN


def _first_word(text: str, span: Span) -> str:
    return span.slice(text).split(None, 1)[0]


@cache
def _headings() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(_HEADINGS.values())})(?!\w)")


@cache
def _teasers() -> re.Pattern[str]:
    return re.compile("|".join(_TEASERS.values()))


@cache
def _controls() -> re.Pattern[str]:
    return re.compile(_CONTROLS)


@cache
def _notice_topics() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_NOTICE_TOPICS})(?!\w)")


@cache
def _notice_acts() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_NOTICE_ACTS})(?!\w)")


@cache
def _copyright() -> re.Pattern[str]:
    return re.compile(_COPYRIGHT)


@cache
def _page_notes() -> re.Pattern[str]:
    return re.compile(rf"(?:{_PAGE_NOTES})")


@cache
def _self() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_SELF})(?!\w)")
