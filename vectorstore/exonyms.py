"""Regions, waters and organisations that each language calls by a name of its own, beside the countries of CLDR and the cities of GeoNames.

A table to read and to add to: one line each, the code first, then the forms by language, commas between forms of one language. Forms are
matched without case and accents, word by word, at most three words. Not here: how they are found in a text (``places.py``).
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LANGUAGES = ("en", "de", "fr", "es", "ru")
_TABLE = """
nato | NATO | NATO | OTAN | OTAN | НАТО
un | UN, United Nations | UN, UNO, VN, Vereinte Nationen | ONU, Nations Unies | ONU, Naciones Unidas | ООН
who-int | WHO, World Health Organization, World Health Organisation | WHO, Weltgesundheitsorganisation | OMS | OMS | ВОЗ
imf | IMF, International Monetary Fund | IWF, Währungsfonds, Internationaler Währungsfonds | FMI, Fonds monétaire international | FMI, Fondo Monetario Internacional | МВФ
ecb | ECB, European Central Bank | EZB, Europäische Zentralbank | BCE, Banque centrale européenne | BCE, Banco Central Europeo | ЕЦБ
wto | WTO, World Trade Organization, World Trade Organisation | WTO, Welthandelsorganisation | OMC | OMC | ВТО
iaea | IAEA | IAEA, IAEO | AIEA | OIEA | МАГАТЭ
icc-int | ICC, International Criminal Court | IStGH, Internationaler Strafgerichtshof | CPI, Cour pénale internationale | CPI, Corte Penal Internacional | МУС
osce | OSCE | OSZE | OSCE | OSCE | ОБСЕ
oecd | OECD | OECD | OCDE | OCDE | ОЭСР
opec | OPEC | OPEC, Opec | OPEP | OPEP | ОПЕК
world-bank | World Bank | Weltbank | Banque mondiale | Banco Mundial | Всемирный банк
red-cross | Red Cross | Rotes Kreuz | Croix-Rouge | Cruz Roja | Красный Крест
ec | European Commission, EU Commission | Europäische Kommission, EU-Kommission | Commission européenne | Comisión Europea | Еврокомиссия
ep | European Parliament, EU Parliament | Europäisches Parlament, Europaparlament, EU-Parlament | Parlement européen | Parlamento Europeo, Eurocámara | Европарламент
security-council | Security Council | Sicherheitsrat | Conseil de sécurité | Consejo de Seguridad | Совет Безопасности, Совбез
middle-east | Middle East, Mideast | Nahost, Naher Osten, Mittlerer Osten | Moyen-Orient, Proche-Orient | Oriente Medio, Oriente Próximo | Ближний Восток
central-asia | Central Asia | Zentralasien, Mittelasien | Asie centrale | Asia Central | Центральная Азия, Средняя Азия
crimea | Crimea | Krim | Crimée | Crimea | Крым
west-bank | West Bank | Westjordanland | Cisjordanie | Cisjordania | Западный берег
gaza-strip | Gaza Strip | Gazastreifen | bande de Gaza | Franja de Gaza | сектор Газа
balkans | Balkans | Balkan | Balkans | Balcanes | Балканы
caucasus | Caucasus | Kaukasus | Caucase | Cáucaso | Кавказ
siberia | Siberia | Sibirien | Sibérie | Siberia | Сибирь
scandinavia | Scandinavia | Skandinavien | Scandinavie | Escandinavia | Скандинавия
silesia | Silesia | Schlesien | Silésie | Silesia | Силезия
catalonia | Catalonia | Katalonien | Catalogne | Cataluña | Каталония
andalusia | Andalusia | Andalusien | Andalousie | Andalucía | Андалусия
sicily | Sicily | Sizilien | Sicile | Sicilia | Сицилия
sardinia | Sardinia | Sardinien | Sardaigne | Cerdeña | Сардиния
tuscany | Tuscany | Toskana | Toscane | Toscana | Тоскана
lombardy | Lombardy | Lombardei | Lombardie | Lombardía | Ломбардия
corsica | Corsica | Korsika | Corse | Córcega | Корсика
brittany | Brittany | Bretagne | Bretagne | Bretaña | Бретань
normandy | Normandy | Normandie | Normandie | Normandía | Нормандия
alsace | Alsace | Elsass | Alsace | Alsacia | Эльзас
flanders | Flanders | Flandern | Flandre, Flandres | Flandes | Фландрия
wallonia | Wallonia | Wallonien | Wallonie | Valonia | Валлония
bavaria | Bavaria | Bayern | Bavière | Baviera | Бавария
saxony | Saxony | Sachsen | Saxe | Sajonia | Саксония
lower-saxony | Lower Saxony | Niedersachsen | Basse-Saxe | Baja Sajonia | Нижняя Саксония
saxony-anhalt | Saxony-Anhalt | Sachsen-Anhalt | Saxe-Anhalt | Sajonia-Anhalt | Саксония-Анхальт
nrw | North Rhine-Westphalia, NRW | Nordrhein-Westfalen, NRW | Rhénanie-du-Nord | Renania del Norte | Северный Рейн
rhineland-palatinate | Rhineland-Palatinate | Rheinland-Pfalz | Rhénanie-Palatinat | Renania-Palatinado | Рейнланд-Пфальц
hesse | Hesse | Hessen | Hesse | Hesse | Гессен
thuringia | Thuringia | Thüringen | Thuringe | Turingia | Тюрингия
lower-austria | Lower Austria | Niederösterreich | Basse-Autriche | Baja Austria | Нижняя Австрия
upper-austria | Upper Austria | Oberösterreich | Haute-Autriche | Alta Austria | Верхняя Австрия
styria | Styria | Steiermark | Styrie | Estiria | Штирия
carinthia | Carinthia | Kärnten | Carinthie | Carintia | Каринтия
tyrol | Tyrol | Tirol | Tyrol | Tirol | Тироль
south-tyrol | South Tyrol | Südtirol | Tyrol du Sud | Tirol del Sur | Южный Тироль
danube | Danube | Donau | Danube | Danubio | Дунай
rhine | Rhine | Rhein | Rhin | Rin | Рейн
vistula | Vistula | Weichsel | Vistule | Vístula | Висла
baltic-sea | Baltic Sea, Baltic | Ostsee | mer Baltique, Baltique | mar Báltico, Báltico | Балтийское море, Балтика
north-sea | North Sea | Nordsee | mer du Nord | mar del Norte | Северное море
mediterranean | Mediterranean, Mediterranean Sea | Mittelmeer | Méditerranée, mer Méditerranée | Mediterráneo, mar Mediterráneo | Средиземное море
black-sea | Black Sea | Schwarzes Meer | mer Noire | mar Negro | Чёрное море
red-sea | Red Sea | Rotes Meer | mer Rouge | mar Rojo | Красное море
english-channel | English Channel | Ärmelkanal | Manche | canal de la Mancha | Ла-Манш
lake-constance | Lake Constance | Bodensee | lac de Constance | lago Constanza | Боденское озеро
black-forest | Black Forest | Schwarzwald | Forêt-Noire | Selva Negra | Шварцвальд
alps | Alps | Alpen | Alpes | Alpes | Альпы
pyrenees | Pyrenees | Pyrenäen | Pyrénées | Pirineos | Пиренеи
bundestag | Bundestag | Bundestag, Deutscher Bundestag | Bundestag | Bundestag | Бундестаг
kremlin | Kremlin | Kreml | Kremlin | Kremlin | Кремль
white-house | White House | Weißes Haus | Maison Blanche, Maison-Blanche | Casa Blanca | Белый дом
"""


@cache
def exonyms(language: str) -> Mapping[str, str]:
    """Every form in one language → code; empty for a language that the table has not."""
    return _by_language().get(language, {})


@cache
def _by_language() -> Mapping[str, Mapping[str, str]]:
    tables: dict[str, dict[str, str]] = defaultdict(dict)
    for line in _TABLE.strip().splitlines():
        code, *columns = line.split("|")
        for language, forms in zip(_LANGUAGES, columns, strict=True):
            tables[language].update((form.strip(), code.strip()) for form in forms.split(","))
    return dict(tables)
